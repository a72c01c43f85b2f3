#include "profile/trace.h"

#include <map>
#include <set>
#include <string>
#include <utility>

namespace vitlab::profile {

namespace {

constexpr int kNodes = 1, kInside = 2, kFirstStream = 100;

core::Json named(const char* what, int track, const std::string& name) {
  return {{"ph", "M"}, {"name", what}, {"pid", 1}, {"tid", track}, {"args", {{"name", name}}}};
}

core::Json span(const SeenEvent& event, std::int64_t origin_ns, int track, const std::string& name,
                std::string_view category) {
  return {{"ph", "X"},
          {"name", name},
          {"cat", category},
          {"pid", 1},
          {"tid", track},
          {"ts", static_cast<double>(event.start_ns - origin_ns) * 1e-3},
          {"dur", static_cast<double>(event.end_ns - event.start_ns) * 1e-3}};
}

/// The rows of each node, its own row first.
std::vector<std::vector<const OpRow*>> rows_by_node(const std::vector<OpRow>& rows) {
  std::vector<std::vector<const OpRow*>> nodes;
  for (const OpRow& row : rows) {
    if (!row.is_hidden()) nodes.emplace_back();
    nodes.back().push_back(&row);
  }
  return nodes;
}

core::Json node_args(const std::vector<const OpRow*>& rows) {
  const OpRow& row = *rows.front();
  core::Json args{{"layer", row.layer},
                  {"stage", row.stage},
                  {"kind", row.kind},
                  {"op", row.op},
                  {"category", graph::category_name(row.category)},
                  {"macs", row.macs},
                  {"bytes", row.bytes()},
                  {"bound", core::word_of(row.bound)},
                  {"timed_ms", core::json_number(1e3 * row.seconds)}};
  for (std::size_t i = 1; i < rows.size(); ++i)
    args["moved"].push_back({{"by", rows[i]->moved_by},
                             {"category", graph::category_name(rows[i]->category)},
                             {"bytes", rows[i]->bytes()},
                             {"timed_ms", core::json_number(1e3 * rows[i]->seconds)}});
  return args;
}

}  // namespace

core::Json chrome_trace(const ProfileResult& result) {
  core::Json events = core::Json::array();
  events.push_back(named("process_name", kNodes,
                         result.name + ", batch " + std::to_string(result.protocol.batch)));
  events.push_back(named("thread_name", kNodes, "nodes"));
  events.push_back(named("thread_name", kInside, "inside: LibTorch"));
  const auto rows = rows_by_node(result.ops);
  const std::int64_t origin = result.seen.empty() ? 0 : result.seen.front().scope.start_ns;
  std::set<std::uint64_t> streams;
  for (const SeenNode& node : result.seen) {
    const std::vector<const OpRow*>& own = rows.at(node.scope.node.index());
    core::Json event = span(node.scope, origin, kNodes, own.front()->node,
                            graph::category_name(own.front()->category));
    event["args"] = node_args(own);
    events.push_back(std::move(event));
    for (const SeenEvent& op : node.ops)
      events.push_back(span(op, origin, kInside, op.name, "libtorch"));
    for (const SeenEvent& work : node.device) {
      const int track = kFirstStream + static_cast<int>(work.thread);
      if (streams.insert(work.thread).second)
        events.push_back(named("thread_name", track, "stream " + std::to_string(work.thread)));
      core::Json kernel = span(work, origin, track, work.name, "device");
      kernel["args"] = {{"node", own.front()->node}};
      events.push_back(std::move(kernel));
    }
  }
  return {{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}};
}

}  // namespace vitlab::profile
