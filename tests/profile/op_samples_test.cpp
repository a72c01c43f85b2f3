#include "profile/op_samples.h"

#include <algorithm>
#include <map>

#include "graph/fold.h"
#include "predict/op_features.h"
#include "test.hpp"
#include "timed_models.h"

namespace vitlab::profile {
namespace {

std::vector<std::string> node_signatures(const graph::Graph& graph) {
  std::vector<std::string> signatures;
  for (const predict::OpFeatures& row : predict::op_features(graph, short_protocol().batch, 4))
    signatures.push_back(row.signature());
  return signatures;
}

TEST_CASE("a sample times the model, the reference beside it and every op of the timed form") {
  sweep::Protocol protocol = short_protocol();
  protocol.min_samples = 4;
  for (const bool deploy : {false, true}) {
    protocol.deploy = deploy;
    const NamedGraph model = small_model("model", "[48, 64, 96]");
    OpSampler sampler(small_model("reference"), protocol);
    const ModelSample sample = sampler.sample(model, nullptr);
    const std::size_t nodes =
        deploy ? graph::fold(model.graph).graph.nodes.size() : model.graph.nodes.size();
    REQUIRE(sample.seconds.size() >= 4);
    CHECK(sample.reference.size() == sample.seconds.size());
    CHECK(sample.op_seconds.size() == nodes);
    CHECK(sample.op_isolated.empty());
    for (const double seconds : sample.seconds) CHECK(seconds > 0);
    // A node that is a view may be too short for the clock; most are not.
    CHECK(std::count(sample.op_seconds.begin(), sample.op_seconds.end(), 0.0) <
          static_cast<std::ptrdiff_t>(nodes / 2));
  }
}

TEST_CASE("a model that takes longer than the protocol's time still gets its least samples") {
  sweep::Protocol protocol = short_protocol();
  protocol.timed_seconds = 0;
  protocol.min_samples = 3;
  OpSampler sampler(small_model("reference"), protocol);
  CHECK(sampler.sample(small_model("model"), nullptr).seconds.size() >= 3);
}

TEST_CASE("ops with one signature are timed alone once and share that time") {
  sweep::Protocol protocol = short_protocol();
  const NamedGraph model = small_model("model");
  const graph::Graph folded = graph::fold(model.graph).graph;
  const std::vector<std::string> signatures = node_signatures(folded);
  OpSampler sampler(small_model("reference"), protocol);
  const ModelSample sample = sampler.sample(model, &signatures);
  REQUIRE(sample.op_isolated.size() == folded.nodes.size());
  std::map<std::string, double> by_signature;
  std::size_t shared = 0;
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    CHECK(sample.op_isolated[i] > 0);
    const auto [entry, is_new] = by_signature.try_emplace(signatures[i], sample.op_isolated[i]);
    if (is_new) continue;
    CHECK(entry->second == sample.op_isolated[i]);
    ++shared;
  }
  CHECK(shared > 0);
}

TEST_CASE("a sample's document has milliseconds and microseconds, isolated ones where asked for") {
  ModelSample sample;
  sample.seconds = {0.003, 0.001, 0.002};
  sample.reference = {0.004, 0.004, 0.005};
  sample.disturbed = 2;
  sample.op_seconds = {1.5e-6, 0.0011};
  core::Json json = core::to_json(sample_message(sample));
  CHECK(json.at("latency_ms") == 2);
  CHECK(json.at("reference_ms") == 4);
  CHECK(json.at("p5_ms").get<double>() < 2);
  CHECK(json.at("p95_ms").get<double>() > 2);
  CHECK(json.at("forwards") == 3);
  CHECK(json.at("disturbed") == 2);
  CHECK(json.at("ops_us") == core::Json({1.5, 1100}));
  CHECK_FALSE(json.contains("isolated_us"));
  sample.op_isolated = {1e-6, 2e-6};
  CHECK(sample_message(sample).isolated_us == std::vector<double>{1, 2});
}

}  // namespace
}  // namespace vitlab::profile
