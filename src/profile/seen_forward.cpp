#include "profile/seen_forward.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace vitlab::profile {

namespace {

using Kind = SeenEvent::Kind;

constexpr std::array<std::string_view, 4> kMovers{"aten::contiguous", "aten::clone",
                                                  "aten::_to_copy", "aten::copy_"};
// A factor that is cast to the dtype of its map is one number: part of the op.
constexpr graph::Index kBytesOfOneNumber = 8;
constexpr std::size_t kNamespaceLength = std::string_view("aten::").size();

bool is_mover(const SeenEvent& op) {
  return std::find(kMovers.begin(), kMovers.end(), op.name) != kMovers.end();
}

double duration(const std::vector<SeenEvent>& events) {
  double sum = 0;
  for (const SeenEvent& event : events) sum += event.seconds();
  return sum;
}

/// What was moved, and how long it took, in the ops that `mover` holds.
struct Movement {
  bool moved = false;
  double seconds = 0;
  graph::Index bytes_read = 0, bytes_written = 0;
};

Movement movement_in(const SeenNode& node, const SeenEvent& mover, double record_seconds) {
  Movement sum;
  double recording = 0;
  for (const SeenEvent& op : node.ops) {
    if (!mover.holds(op)) continue;
    recording += record_seconds;
    // A mover that finds nothing to do holds no copy.
    sum.moved |= op.name == "aten::copy_" && op.bytes_written > kBytesOfOneNumber;
    sum.bytes_read += op.bytes_read;
    sum.bytes_written += op.bytes_written;
    for (const SeenEvent& work : node.device)
      if (work.correlation == op.correlation) sum.seconds += work.seconds();
  }
  if (node.device.empty()) sum.seconds = std::max(mover.seconds() - recording, 0.0);
  return sum;
}

HiddenMove& entry_of(std::vector<HiddenMove>& moves, const std::string& by) {
  const auto found = std::find_if(moves.begin(), moves.end(),
                                  [&](const HiddenMove& move) { return move.by == by; });
  if (found != moves.end()) return *found;
  moves.push_back({.by = by});
  return moves.back();
}

}  // namespace

std::vector<SeenForward> by_forward(const std::vector<SeenEvent>& events) {
  struct Asked {
    std::size_t forward, node;
  };
  std::vector<SeenForward> forwards;
  std::map<std::uint64_t, Asked> asked;  // by correlation of the op
  for (const SeenEvent& event : events) {
    if (event.kind == Kind::kNode) {
      const bool starts = forwards.empty() || event.node <= forwards.back().back().scope.node;
      if (starts) forwards.emplace_back();
      forwards.back().push_back({event, {}, {}});
    } else if (event.kind == Kind::kOp && !forwards.empty()) {
      SeenNode& node = forwards.back().back();
      if (!node.scope.holds(event)) continue;
      asked[event.correlation] = {forwards.size() - 1, forwards.back().size() - 1};
      node.ops.push_back(event);
    }
  }
  for (const SeenEvent& event : events) {
    if (event.kind != Kind::kDevice) continue;
    const auto place = asked.find(event.correlation);
    if (place == asked.end()) continue;
    forwards[place->second.forward][place->second.node].device.push_back(event);
  }
  return forwards;
}

double device_seconds(const SeenNode& node) { return duration(node.device); }

double idle_seconds(const SeenForward& forward) {
  std::vector<const SeenEvent*> work;
  for (const SeenNode& node : forward)
    for (const SeenEvent& event : node.device) work.push_back(&event);
  std::sort(work.begin(), work.end(),
            [](const SeenEvent* a, const SeenEvent* b) { return a->start_ns < b->start_ns; });
  std::int64_t idle_ns = 0, busy_until = work.empty() ? 0 : work.front()->start_ns;
  for (const SeenEvent* event : work) {
    idle_ns += std::max<std::int64_t>(event->start_ns - busy_until, 0);
    busy_until = std::max(busy_until, event->end_ns);
  }
  return static_cast<double>(idle_ns) * 1e-9;
}

std::vector<HiddenMove> moves_inside(const SeenNode& node, double record_seconds) {
  const double recording = record_seconds * static_cast<double>(node.ops.size() + 1);
  const double whole =
      node.device.empty() ? node.scope.seconds() - recording : device_seconds(node);
  std::vector<HiddenMove> moves;
  const SeenEvent* outermost = nullptr;
  for (const SeenEvent& op : node.ops) {
    if (!is_mover(op) || (outermost != nullptr && outermost->holds(op))) continue;
    outermost = &op;
    const Movement movement = movement_in(node, op, record_seconds);
    if (!movement.moved) continue;
    HiddenMove& move = entry_of(moves, op.name.substr(kNamespaceLength));
    move.share += whole > 0 ? movement.seconds / whole : 0;
    move.bytes_read += movement.bytes_read;
    move.bytes_written += movement.bytes_written;
  }
  return moves;
}

}  // namespace vitlab::profile
