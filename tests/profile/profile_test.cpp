#include "profile/profile.h"

#include <map>

#include "graph/memory_plan.h"
#include "graph/op_cost.h"
#include "test.hpp"
#include "timed_models.h"

namespace vitlab {

namespace {

const OpRow& row_of(const ProfileResult& result, const std::string& node) {
  for (const OpRow& row : result.ops)
    if (row.node == node && !row.is_hidden()) return row;
  FAIL("no op " << node);
  return result.ops.front();
}

const CategoryTime& time_of(const ProfileResult& result, Category category) {
  return result.categories.at(static_cast<std::size_t>(category));
}

ProfileResult profile_of(const NamedGraph& model, bool deploy) {
  Protocol protocol = short_protocol();
  protocol.deploy = deploy;
  return profile_model(model, protocol);
}

}  // namespace

TEST_CASE("shares of time sum to 1 and ops to the forward that they make up") {
  const ProfileResult result = profile_of(small_model("small"), false);
  double shares = 0, category_seconds = 0, op_seconds = 0, memory_bound = 0;
  for (const CategoryTime& category : result.categories) {
    CHECK(category.share.low <= category.share.high);
    shares += category.share.value;
    category_seconds += category.seconds;
    if (is_memory_bound(category.category)) memory_bound += category.share.value;
  }
  for (const OpRow& row : result.ops) op_seconds += row.seconds;
  CHECK(shares == Approx(1));
  CHECK(result.categories.size() == kCategoryCount);
  CHECK(category_seconds == Approx(op_seconds));
  CHECK(result.memory_bound_share.value == Approx(memory_bound));
  CHECK(1e3 * op_seconds + result.remainder_ms == Approx(result.profiled_ms.mean));
  // Nothing runs twice and little runs outside of ops, however busy the machine is.
  CHECK(result.remainder_ms >= 0);
  CHECK(result.remainder_ms < 0.5 * result.profiled_ms.mean);
  CHECK(result.overhead > 0.3);
  CHECK(result.overhead < 3);
  CHECK(result.speed.latency_ms.count >= result.protocol.min_samples);
  CHECK(result.speed.images_per_s.median >= 4e3 / result.speed.latency_ms.max);
  CHECK(result.speed.images_per_s.median <= 4e3 / result.speed.latency_ms.min);
}

TEST_CASE("every node has one row, with the macs and bytes of its cost") {
  const NamedGraph model = small_model("small");
  const ProfileResult result = profile_of(model, false);
  std::map<std::string, const OpRow*> rows;
  std::map<std::string, Index> rearranged;  // bytes in rows inside ops that rearrange
  for (const OpRow& row : result.ops)
    if (row.is_hidden() && row.category == Category::kReshape) rearranged[row.node] += row.bytes();
  for (const OpRow& row : result.ops)
    if (!row.is_hidden()) CHECK(rows.emplace(row.node, &row).second);
  const Layout layout = lay_out(model.graph);
  REQUIRE(rows.size() == model.graph.nodes.size());
  for (const Node& node : model.graph.nodes) {
    const OpRow& row = *rows.at(model.graph.node_name(node));
    const bool is_view = layout.is_view[static_cast<std::size_t>(node.output)];
    const OpCost cost = op_cost(model.graph, node, is_view, 4);
    CHECK(row.bytes() + rearranged[row.node] == 4 * cost.elements_moved());
    CHECK(row.flops == cost.flops);
    CHECK(row.macs == cost.macs);
    CHECK(row.category == op_category(node.op));
    CHECK(row.layer == model.graph.layer(node.layer).path);
  }
}

TEST_CASE("copies hidden inside ops are rows of their own") {
  const NamedGraph model = small_model("small");
  const ProfileResult result = profile_of(model, true);
  int copies = 0;
  for (const OpRow& row : result.ops) {
    if (!row.is_hidden()) {
      CHECK(row.category != Category::kCopy);
      continue;
    }
    ++copies;
    CHECK(row.op == "copy");
    CHECK(row.macs == 0);
    CHECK(row.bytes_read > 0);
    CHECK(row.bytes_written > 0);
  }
  CHECK(copies > 0);
  CHECK(time_of(result, Category::kCopy).seconds > 0);
}

TEST_CASE("the deploy form spends no time on normalization") {
  const NamedGraph model = small_model("small");
  CHECK(time_of(profile_of(model, false), Category::kNormalization).seconds > 0);
  CHECK(time_of(profile_of(model, true), Category::kNormalization).seconds == 0);
}

TEST_CASE(
    "a large relu is bound by memory, a large linear layer by arithmetic, a view by neither") {
  const ProfileResult result = profile_of(relu_and_linear(), true);
  CHECK(row_of(result, "only.relu").bound == Bound::kMemory);
  CHECK(row_of(result, "only.linear").bound == Bound::kCompute);
  CHECK(row_of(result, "only.tokens").bound == Bound::kLaunch);
  CHECK(row_of(result, "only.linear").gflops_per_s() > row_of(result, "only.relu").gflops_per_s());
  double whole = 0, by_memory = 0, rearranged = 0;
  for (const OpRow& row : result.ops) {
    whole += row.seconds;
    if (row.bound == Bound::kMemory) by_memory += row.seconds;
    if (is_memory_bound(row.category)) rearranged += row.seconds;
    CHECK(row.roof_seconds >= result.roofs.call_seconds);
  }
  CHECK(result.roofline_memory_bound_share.value == Approx(by_memory / whole));
  CHECK(result.memory_bound_share.value == Approx(rearranged / whole));
  CHECK(by_memory >= row_of(result, "only.relu").seconds);
}

TEST_CASE("bfloat16 models are profiled with two bytes a number") {
  Protocol protocol = short_protocol();
  protocol.dtype = "bfloat16";
  protocol.timed_seconds = 0.02;
  const ProfileResult half = profile_model(relu_and_linear(), protocol);
  CHECK(row_of(half, "only.relu").bytes() == 2 * 2 * 4 * 1024 * 1024);
}

TEST_CASE("a batch beyond memory is a result, a device that is not there is an error") {
  Protocol protocol = short_protocol();
  protocol.batch = 100'000'000'000;
  const ProfileResult result = profile_model(small_model("small"), protocol);
  REQUIRE(result.out_of_memory);
  CHECK_THAT(*result.out_of_memory, Catch::StartsWith("batch 100000000000: "));
  CHECK(metrics_of(result).empty());
  CHECK(profile_json(result)["out_of_memory"] == *result.out_of_memory);
  protocol.device = "cuda:99";
  CHECK_THROWS_AS(profile_model(small_model("small"), protocol), CapabilityError);
}

TEST_CASE("the JSON of a profile holds what the contract names") {
  const ProfileResult result = profile_of(small_model("small"), true);
  const Json json = profile_json(result);
  for (const char* key :
       {"throughput_images_per_s", "latency_ms", "categories", "memory_bound_share",
        "roofline_memory_bound_share", "ops", "roofline", "overhead", "environment"})
    CHECK(json.contains(key));
  for (const char* key : {"median", "p5", "p95", "samples"}) {
    CHECK(json["throughput_images_per_s"].contains(key));
    CHECK(json["latency_ms"].contains(key));
  }
  CHECK(json["latency_ms"].contains("mean"));
  for (const char* key : {"node", "layer", "op", "category", "time_ms", "macs", "bytes",
                          "gflops_per_s", "gbytes_per_s", "bound"})
    CHECK(json["ops"][0].contains(key));
  CHECK(json["roofline"]["peak_gflops_per_s"] > 0);
  CHECK(json["roofline"]["peak_gbytes_per_s"] > 0);
  std::vector<std::string> names;
  for (const MetricValue& row : metrics_of(result)) {
    names.push_back(row.metric);
    CHECK(row.low <= row.value);
    CHECK(row.value <= row.high);
  }
  CHECK(names == std::vector<std::string>{
                     "throughput", "latency", "memory_bound_share", "roofline_memory_bound_share",
                     "time_share.multiplication", "time_share.reshape", "time_share.normalization",
                     "time_share.copy", "time_share.addition", "time_share.other"});
}

}  // namespace vitlab
