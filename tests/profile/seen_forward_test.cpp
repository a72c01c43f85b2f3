#include "profile/seen_forward.h"

#include <c10/core/InferenceMode.h>

#include "profile/inside_ops.h"
#include "profile/onednn_lines.h"
#include "test.hpp"
#include "timed_models.h"

namespace vitlab::profile {

namespace {

using Kind = SeenEvent::Kind;

SeenEvent scope(std::size_t node, std::int64_t start, std::int64_t end) {
  return {.kind = Kind::kNode, .node = graph::NodeId(node), .start_ns = start, .end_ns = end};
}

SeenEvent op(std::string name, std::int64_t start, std::int64_t end, std::uint64_t correlation,
             graph::Index bytes = 0) {
  return {.name = std::move(name),
          .start_ns = start,
          .end_ns = end,
          .correlation = correlation,
          .bytes_read = bytes,
          .bytes_written = bytes};
}

SeenEvent kernel(std::int64_t start, std::int64_t end, std::uint64_t correlation) {
  return {.kind = Kind::kDevice,
          .name = "kernel",
          .thread = 7,
          .start_ns = start,
          .end_ns = end,
          .correlation = correlation};
}

}  // namespace

TEST_CASE("events find their forward and node; a copy inside a copy counts once") {
  const std::vector<SeenForward> forwards =
      by_forward({scope(0, 0, 100), op("aten::conv2d", 0, 90, 1), op("aten::contiguous", 10, 40, 2),
                  op("aten::clone", 12, 38, 3), op("aten::copy_", 20, 30, 4, 64),
                  op("aten::empty", 110, 120, 5), scope(1, 200, 300),
                  op("aten::reshape", 200, 300, 6), scope(0, 400, 500)});
  REQUIRE(forwards.size() == 2);
  REQUIRE(forwards[0].size() == 2);
  REQUIRE(forwards[1].size() == 1);
  CHECK(forwards[0][0].ops.size() == 4);
  const std::vector<HiddenMove> moves = moves_inside(forwards[0][0], 0);
  REQUIRE(moves.size() == 1);
  CHECK(moves[0].by == "contiguous");
  CHECK(moves[0].share == Approx(0.3));
  CHECK(moves[0].bytes_read == 64);
  CHECK(moves[0].bytes_written == 64);
  CHECK(moves_inside(forwards[0][1], 0).empty());
  // 5 events of 4 ns are the profiler's own: 3 of them inside the copy.
  CHECK(moves_inside(forwards[0][0], 4e-9)[0].share == Approx(18.0 / 80.0));
}

TEST_CASE("a mover that has nothing to do and the cast of one number are no copies") {
  SeenNode node{scope(0, 0, 100), {op("aten::contiguous", 10, 12, 1)}, {}};
  CHECK(moves_inside(node, 0).empty());
  node.ops = {op("aten::_to_copy", 10, 30, 1), op("aten::copy_", 12, 28, 2, 4)};
  CHECK(moves_inside(node, 0).empty());
}

TEST_CASE("kernels are counted for the node whose op asked for them; gaps between them are idle") {
  const std::vector<SeenForward> forwards =
      by_forward({scope(0, 0, 30), op("aten::conv2d", 5, 25, 11), op("aten::copy_", 6, 9, 12, 64),
                  scope(1, 40, 60), op("aten::relu", 45, 50, 13), kernel(1000, 1100, 12),
                  kernel(1100, 1400, 11), kernel(1500, 1600, 13), kernel(1550, 1650, 13),
                  kernel(1700, 1800, 99)});
  REQUIRE(forwards.size() == 1);
  CHECK(device_seconds(forwards[0][0]) == Approx(400e-9));
  CHECK(device_seconds(forwards[0][1]) == Approx(200e-9));
  CHECK(idle_seconds(forwards[0]) == Approx(100e-9));
  const std::vector<HiddenMove> moves = moves_inside(forwards[0][0], 1);
  REQUIRE(moves.size() == 1);
  CHECK(moves[0].share == Approx(0.25));
}

TEST_CASE("oneDNN's lines give primitives, and the bytes of layout changes") {
  const auto reorder = read_onednn_line(
      "onednn_verbose,v1,primitive,exec,cpu,reorder,jit:blk,undef,src:f32::blocked:abcd::f0 "
      "dst:bf16::blocked:aBcd16b::f0,attr-scratchpad:user,,16x32x14x14,0.14502");
  REQUIRE(reorder);
  CHECK(reorder->primitive == "reorder");
  CHECK(reorder->seconds == Approx(0.14502e-3));
  CHECK(reorder->bytes_read == 4 * 16 * 32 * 14 * 14);
  CHECK(reorder->bytes_written == 2 * 16 * 32 * 14 * 14);
  const auto convolution = read_onednn_line(
      "onednn_verbose,v1,primitive,exec,cpu,convolution,jit:avx512_core,forward_training,src:f32:a:"
      "blocked:aBcd16b::f0 wei:f32:a:blocked:ABcd16b16a::f0 bia:undef::undef::: "
      "dst:f32:a:blocked:aBcd16b::f0,attr-scratchpad:user,alg:convolution_direct,mb16_ic16,0.25");
  REQUIRE(convolution);
  CHECK(convolution->primitive == "convolution");
  CHECK(convolution->bytes_read == 0);
  CHECK_FALSE(read_onednn_line("onednn_verbose,v1,info,cpu,runtime:OpenMP,nthr:1"));
  CHECK_FALSE(read_onednn_line(""));
  CHECK_FALSE(read_onednn_line("a line of somebody else"));
}

TEST_CASE("LibTorch tells of the copy of a split that a convolution reads, and of its bytes") {
  const at::Tensor map = at::ones({2, 8, 5, 5}), weight = at::ones({4, 4, 1, 1});
  const c10::InferenceMode guard;
  const std::vector<SeenEvent> events = recorded(at::kCPU, [&] {
    NodeScopes scopes;
    for (int i = 0; i < 2; ++i) {
      const at::Tensor half = map.narrow(1, 0, 4);
      scopes.begin(graph::NodeId(0));
      at::conv2d(half, weight);
      scopes.end();
      scopes.begin(graph::NodeId(1));
      at::relu(map);
      scopes.end();
    }
  });
  const std::vector<SeenForward> forwards = by_forward(events);
  REQUIRE(forwards.size() == 2);
  REQUIRE(forwards[1].size() == 2);
  const std::vector<HiddenMove> moves = moves_inside(forwards[1][0], 0);
  REQUIRE(moves.size() == 1);
  CHECK(moves[0].bytes_read == 4 * 2 * 4 * 25);
  CHECK(moves[0].bytes_written == 4 * 2 * 4 * 25);
  CHECK(moves[0].share > 0);
  CHECK(moves[0].share < 1);
  CHECK(moves_inside(forwards[1][1], 0).empty());
}

TEST_CASE("listening to oneDNN leaves stdout as it was") {
  std::vector<OnednnNode> seen;
  {
    OnednnListener listener(1);
    listener.begin(graph::NodeId(0));
    std::printf("not for the terminal\n");
    listener.end();
    seen = listener.take_forward();
  }
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].calls.empty());
  CHECK(seen[0].seconds >= 0);
  CHECK(std::fflush(stdout) == 0);
}

TEST_CASE("shares of moves are medians over forwards, with the bytes of the last") {
  const auto moved = [](double share, graph::Index bytes) {
    return std::vector<std::vector<HiddenMove>>{{{"clone", share, bytes, bytes}}};
  };
  const auto merged = merged_moves({moved(0.1, 1), moved(0.9, 2), moved(0.2, 3)});
  REQUIRE(merged.size() == 1);
  REQUIRE(merged[0].size() == 1);
  CHECK(merged[0][0].share == Approx(0.2));
  CHECK(merged[0][0].bytes_read == 3);
  CHECK(merged_moves({}).empty());
}

}  // namespace vitlab::profile
