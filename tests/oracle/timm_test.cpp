#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include <c10/core/GradMode.h>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/json.h"
#include "graph/fold.h"
#include "model/device.h"
#include "model/executor.h"
#include "model/layouts.h"
#include "model/weight_files.h"
#include "test.hpp"

namespace vitlab {

namespace {

const std::filesystem::path kFolder = std::filesystem::path(VITLAB_BUILD_DIR) / "oracle";

core::Json live_cases() {
  std::ifstream file(kFolder / "cases.json");
  if (!file)
    throw core::Failure("no " + (kFolder / "cases.json").string() +
                        ": timm did not run; `ctest -L oracle` runs it first (scripts/oracle_env)");
  std::ostringstream text;
  text << file.rdbuf();
  return core::parse_json(text.str(), "cases.json");
}

std::vector<std::string> overrides_of(const core::Json& row) {
  auto overrides = row.value("knobs", std::vector<std::string>{});
  overrides.push_back("image_size=" + core::dump_json(row.at("size")));
  overrides.push_back("classes=" + core::dump_json(row.at("classes")));
  return overrides;
}

/// What timm computed for one case, and vitlab's model of the same weights.
struct Oracle {
  explicit Oracle(const core::Json& row)
      : name(row.at("case").get<std::string>()),
        spec(architecture::resolve_model(row.at("model").get<std::string>(), overrides_of(row))
                 .spec),
        graph(architecture::build_graph(spec)),
        run(model::read_tensors(kFolder / (name + ".run.safetensors"))) {}

  model::Weights weights(at::ScalarType dtype) const {
    return model::read_weights(kFolder / (name + ".weights.safetensors"), spec, graph,
                               interop::WeightLayout::kTimm, dtype);
  }
  const at::Tensor& at(const std::string& key) const { return run.at(key, name); }
  double largest_gradient() const {
    double largest = 0;
    for (const model::NamedTensor& named : run.tensors)
      if (named.name.starts_with("gradient."))
        largest = std::max(largest, named.tensor.abs().max().item<double>());
    return largest;
  }

  std::string name;
  architecture::ModelSpec spec;
  graph::Graph graph;
  model::TensorFile run;
};

/// The largest difference over the largest value, or over `floor` if that is larger; infinite for
/// other shapes and for NaN.
double relative_difference(const at::Tensor& a, const at::Tensor& expected, double floor = 0) {
  if (a.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  const at::Tensor wide = expected.to(at::kDouble);
  const double difference = (a.to(at::kDouble) - wide).abs().max().item<double>();
  const double scale = std::max(wide.abs().max().item<double>(), floor);
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference / scale;
}

/// The mean of the heads' logits, as timm's distilled models answer.
at::Tensor logits(const graph::Graph& graph, const model::Weights& weights,
                  const at::Tensor& images) {
  return at::stack(model::Executor(graph).run(weights, images).outputs).mean(0);
}

}  // namespace

TEST_CASE("logits are timm's, plain and deployed, in float32 and float64") {
  model::set_threads(1);
  for (const core::Json& row : live_cases()) {
    const Oracle oracle(row);
    const at::Tensor images = oracle.at("input");
    const graph::Rewrite folded = graph::fold(oracle.graph);
    for (const auto& [dtype, key, tolerance] : {std::tuple{at::kDouble, "logits.float64", 1e-10},
                                                std::tuple{at::kFloat, "logits.float32", 1e-5}}) {
      const model::Weights weights = oracle.weights(dtype);
      const at::Tensor expected = oracle.at(key);
      const double plain =
          relative_difference(logits(oracle.graph, weights, images.to(dtype)), expected);
      const double deployed = relative_difference(
          logits(folded.graph, model::rewrite_weights(folded, weights), images.to(dtype)),
          expected);
      INFO(oracle.name << ' ' << key << ": plain " << plain << ", deployed " << deployed);
      CHECK(plain <= tolerance);
      CHECK(deployed <= tolerance);
    }
  }
}

TEST_CASE("loss, gradients and running statistics of a training step are timm's") {
  model::set_threads(1);
  std::size_t steps = 0;
  for (const core::Json& row : live_cases()) {
    if (!row.value("step", false)) continue;
    ++steps;
    const Oracle oracle(row);
    model::Weights weights = oracle.weights(at::kDouble);
    model::require_gradients(oracle.graph, weights);
    const c10::AutoGradMode gradients(true);
    const model::RunOptions options{.training = true};
    std::vector<at::Tensor> losses;
    for (const at::Tensor& out :
         model::Executor(oracle.graph).run(weights, oracle.at("input"), options).outputs)
      losses.push_back(at::cross_entropy_loss(out, oracle.at("labels")));
    const at::Tensor loss = at::stack(losses).mean();
    CHECK(relative_difference(loss.detach().reshape({1}), oracle.at("loss")) <= 1e-12);
    loss.backward();
    // The true gradient of a bias in front of a batch norm is 0: there, both hold rounding errors.
    const double floor = 1e-5 * oracle.largest_gradient();
    for (const interop::NameMapEntry& entry :
         interop::name_map(oracle.spec, oracle.graph, interop::WeightLayout::kTimm)) {
      const at::Tensor& mine = weights[entry.parameter];
      const bool trained = oracle.graph.parameter(entry.parameter).trained;
      const at::Tensor& theirs =
          oracle.at((trained ? "gradient." : "behind.") + entry.foreign_name);
      const double difference = relative_difference(
          model::part_of(trained ? mine.grad() : mine, entry), theirs, trained ? floor : 0);
      INFO(oracle.name << ' ' << entry.foreign_name << ": " << difference);
      CHECK(difference <= 1e-9);
    }
  }
  CHECK(steps >= 8);
}

}  // namespace vitlab
