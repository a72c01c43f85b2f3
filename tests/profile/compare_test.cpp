#include "profile/compare.h"

#include "profile/roll_up.h"
#include "profile/trace.h"
#include "test.hpp"
#include "timed_models.h"

namespace vitlab::profile {

namespace {

OpRow made_row(std::string node, std::string stage, std::string_view kind, graph::Category category,
               double seconds) {
  OpRow row;
  row.node = std::move(node);
  row.stage = std::move(stage);
  row.layer = row.stage + ".layers.0";
  row.kind = kind;
  row.op = category == graph::Category::kOther ? "softmax" : "op";
  row.category = category;
  row.seconds = seconds;
  row.samples = {seconds};
  row.macs = 10;
  row.bytes_read = 3;
  row.bytes_written = 4;
  return row;
}

std::vector<OpRow> slow_rows() {
  return {made_row("a.conv", "stages.0", "ffn", graph::Category::kMultiplication, 4),
          made_row("a.norm", "stages.0", "ffn", graph::Category::kNormalization, 3),
          made_row("b.norm", "stages.1", "token_norm", graph::Category::kNormalization, 5),
          made_row("b.softmax", "stages.1", "attention", graph::Category::kOther, 1)};
}

std::vector<OpRow> fast_rows() {
  return {made_row("a.conv", "stages.0", "ffn", graph::Category::kMultiplication, 3),
          made_row("a.norm", "stages.0", "ffn", graph::Category::kNormalization, 2),
          made_row("b.softmax", "stages.1", "depthwise", graph::Category::kOther, 1)};
}

Measurement measured(std::optional<std::string> out_of_memory) {
  Measurement turns;
  turns.models.resize(2);
  turns.models[0].ratio = stats::Estimate{0.5, 0.4, 0.6};
  turns.models[0].turns.out_of_memory = std::move(out_of_memory);
  return turns;
}

ProfileResult profile_with(std::vector<OpRow> rows) {
  ProfileResult result;
  result.name = "made";
  result.ops = std::move(rows);
  return result;
}

}  // namespace

TEST_CASE("a roll-up adds up rows by name and its shares sum to 1") {
  const std::vector<OpRow> rows = slow_rows();
  const auto stages = roll_up(rows, [](const OpRow& row) { return row.stage; });
  REQUIRE(stages.size() == 2);
  CHECK(stages[0].name == "stages.0");
  CHECK(stages[0].seconds == Approx(7));
  CHECK(stages[0].share + stages[1].share == Approx(1));
  CHECK(stages[0].macs == 20);
  CHECK(stages[0].bytes == 14);
  CHECK(stages[0].memory_bound_share() == Approx(3.0 / 7));
  CHECK(stages[1].memory_bound_share() == Approx(5.0 / 6));
  double categories = 0;
  for (const RollUp& stage : stages)
    for (const double seconds : stage.category_seconds) categories += seconds;
  CHECK(categories == Approx(13));
  const std::vector<RollUp> other = others(rows);
  REQUIRE(other.size() == 1);
  CHECK(other[0].name == "softmax");
  CHECK(other[0].share == Approx(1.0 / 13));
}

TEST_CASE("a stage is named by the path of its layers, stem and heads by their own") {
  CHECK(stage_name({.path = "stem"}) == "stem");
  CHECK(stage_name({.path = "stages.3.layers.12"}) == "stages.3");
  CHECK(stage_name({.path = "stages.1.downsample"}) == "stages.1");
  CHECK(stage_name({.path = "heads.0"}) == "heads");
}

template <typename Row>
void check_sum(const std::vector<Row>& rows, double whole) {
  double sum = 0, last = std::numeric_limits<double>::infinity();
  for (const Row& row : rows) {
    CHECK(std::abs(row.difference_ms) <= last);
    last = std::abs(row.difference_ms);
    sum += row.difference_ms;
  }
  CHECK(sum == Approx(whole));
}

TEST_CASE("a comparison says what differs, largest first, and its parts sum to the whole") {
  const messages::Differences found =
      comparison(profile_with(slow_rows()), profile_with(fast_rows()), measured(std::nullopt))
          .differences.value();
  CHECK(found.throughput_ratio.value().value == Approx(0.5));
  CHECK(found.difference_ms == Approx(7e3));
  CHECK(found.categories[0].category == graph::Category::kNormalization);
  CHECK(found.categories[0].difference_ms == Approx(6e3));
  CHECK(found.categories[0].share_of_difference == Approx(6.0 / 7));
  CHECK(found.places[0].category == graph::Category::kNormalization);
  CHECK(found.places[0].kind == "token_norm");
  CHECK(found.places[0].stage == "stages.1");
  check_sum(found.categories, 7e3);
  check_sum(found.kinds, 7e3);
  check_sum(found.places, 7e3);
}

TEST_CASE(
    "nodes are matched by name and kind of layer; those of one model only are counted by kind") {
  const messages::Differences found =
      comparison(profile_with(slow_rows()), profile_with(fast_rows()), measured(std::nullopt))
          .differences.value();
  REQUIRE(found.nodes.size() == 2);
  CHECK(found.nodes[0].a_ms == Approx(found.nodes[0].b_ms + 1e3));
  REQUIRE(found.unmatched.size() == 3);  // a softmax in a layer of another kind is another
  CHECK(found.unmatched[0].kind == "token_norm");
  CHECK(found.unmatched[0].nodes_in_a == 1);
  CHECK(found.unmatched[0].nodes_in_b == 0);
}

TEST_CASE("a comparison with a model that did not fit holds the reason and no numbers") {
  const messages::ProfileComparison compared =
      comparison(profile_with(slow_rows()), profile_with(fast_rows()),
                 measured(std::string("batch 9: too much")));
  CHECK(compared.out_of_memory == "batch 9: too much");
  CHECK_FALSE(compared.differences);
}

TEST_CASE("a trace is valid JSON with a span for every node, and ops that lie inside them") {
  const NamedGraph model = small_model("small");
  sweep::Protocol protocol = short_protocol();
  protocol.deploy = false;
  const ProfileResult result = profile_model(model, protocol);
  const core::Json trace = core::parse_json(core::dump_json(chrome_trace(result)), "trace");
  std::size_t nodes = 0, inside = 0;
  double start = 0, end = -1;
  for (const core::Json& event : trace["traceEvents"]) {
    if (event["ph"] == "M") continue;
    REQUIRE(event["ph"] == "X");
    CHECK(event["dur"] >= 0);
    const double from = event["ts"], to = from + event["dur"].get<double>();
    if (event["tid"] == 1) {
      ++nodes;
      CHECK(from >= end);  // nodes run one after another
      start = from;
      end = to;
      for (const char* key : {"layer", "category", "bytes", "macs"})
        CHECK(event["args"].contains(key));
    } else {
      ++inside;
      CHECK(from >= start - 1e-3);
      CHECK(to <= end + 1e-3);
    }
  }
  CHECK(nodes == model.graph.nodes.size());
  CHECK(inside >= nodes);
}

}  // namespace vitlab::profile
