#include <algorithm>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "cli/profile_output.h"
#include "core/error.h"
#include "core/text.h"
#include "sweep/named_config.h"

namespace vitlab {

namespace {

/// The slowest ops first, `top` of them.
std::string op_table(const Json& result, Index top) {
  std::vector<Json> ops(result.at("ops").begin(), result.at("ops").end());
  std::stable_sort(ops.begin(), ops.end(), [](const Json& a, const Json& b) {
    return a.at("time_ms").get<double>() > b.at("time_ms").get<double>();
  });
  TextTable table({"node", "op", "category", "time_ms", "GFLOP/s", "GB/s", "bound"});
  for (std::size_t i = 0; i < ops.size() && i < static_cast<std::size_t>(std::max<Index>(top, 0));
       ++i)
    table.add({ops[i].at("node").get<std::string>(), ops[i].at("op").get<std::string>(),
               ops[i].at("category").get<std::string>(), number(ops[i].at("time_ms")),
               number(ops[i].at("gflops_per_s"), 3), number(ops[i].at("gbytes_per_s"), 3),
               ops[i].at("bound").get<std::string>()});
  return table.str(output_width());
}

std::string profile_text(const Json& result, const std::string& name, const Protocol& protocol,
                         Index top) {
  std::string text = name + "  batch " + std::to_string(protocol.batch) + ", " +
                     std::to_string(protocol.threads) + " thread(s), " + protocol.dtype + ", " +
                     protocol.device + (protocol.deploy ? ", deploy form" : "") + "\nthroughput  " +
                     spread(result.at("throughput_images_per_s"), "images/s") + "\nlatency     " +
                     spread(result.at("latency_ms"), "ms") + "\nmemory-bound share " +
                     number(result.at("memory_bound_share"), 3) + " (by category, as the paper), " +
                     number(result.at("roofline_memory_bound_share"), 3) + " (by roofline)\n\n";
  TextTable categories({"category", "time_ms", "share"});
  for (const Json& row : result.at("categories"))
    categories.add({row.at("category").get<std::string>(), number(row.at("time_ms")),
                    number(row.at("share"), 3)});
  return text + categories.str(output_width()) + "\n" + op_table(result, top) +
         "\nprofiled / unprofiled time: " + number(result.at("overhead"), 4) + "\n";
}

}  // namespace

ExitCode run_profile(const std::vector<std::string>& words) {
  ModelWords model;
  std::string protocol_path, out;
  std::int64_t batch = 0, top = 15;
  double seconds = 0;
  Arguments arguments(
      "profile", "Measure speed, and where the time goes op by op.",
      {"vitlab profile efficientvit_m4 --threads 1 --batch 16 --deploy",
       "vitlab profile deit_tiny --protocol configs/measure/cpu_1thread_bs16.yaml"});
  model.threads = 0;
  model.declare(arguments, {});
  arguments.option("--protocol", "a protocol file; --device, --threads, --batch override it",
                   protocol_path);
  arguments.option("--batch", "images per forward (default: the protocol's, 16)", batch);
  arguments.option("--seconds", "timed seconds (default: the protocol's)", seconds);
  arguments.option("--top", "how many ops to list", top);
  arguments.option("--out", "a new folder for a page, drawings and tables of it all", out);
  arguments.parse(words);
  Protocol protocol;
  protocol.deploy = model.deploy;
  if (!protocol_path.empty()) protocol = load_protocol(protocol_path);
  if (model.deploy) protocol.deploy = true;
  if (model.device != "cpu") protocol.device = model.device;
  if (model.threads != 0) protocol.threads = model.threads;
  if (model.dtype != "float32") protocol.dtype = model.dtype;
  if (batch != 0) protocol.batch = batch;
  if (seconds != 0) protocol.timed_seconds = seconds;
  if (protocol.threads < 1) throw UserError("--threads must be at least 1");
  if (protocol.batch < 1) throw UserError("--batch must be at least 1");
  if (!(protocol.timed_seconds > 0)) throw UserError("--seconds must be positive");
  if (!out.empty()) check_profile_output(out);
  model.threads = protocol.threads;
  Json request = model.request("profile");
  request["protocol"] = protocol_json(protocol);
  const Json result = ask_engine(request, "profile");
  const bool has_speed = result.contains("throughput_images_per_s");  // not if memory ran out
  if (!out.empty()) write_profile_output(result, out);
  if (model.json || !has_speed)
    print_json(document_of("profile", result));
  else
    print_text(profile_text(result, model.reference, protocol, top));
  return has_speed ? ExitCode::kDone : ExitCode::kSomeFailed;
}

}  // namespace vitlab
