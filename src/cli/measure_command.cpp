#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/error.h"
#include "core/text.h"
#include "sweep/named_config.h"

namespace vitlab {

namespace {

std::string ratio_text(const Json& row) {
  if (!row.contains("throughput_ratio")) return "-";
  const Json& ratio = row.at("throughput_ratio");
  return number(ratio.at("value"), 4) + " (" + number(ratio.at("low"), 4) + " … " +
         number(ratio.at("high"), 4) + ")";
}

std::string measure_text(const Json& result) {
  TextTable table({"model", "images/s", "p5", "p95", "latency ms", "samples", "ratio to first"});
  std::string warnings;
  for (const Json& row : result.at("candidates")) {
    const auto name = row.at("model").get<std::string>();
    if (row.contains("out_of_memory")) {
      table.add({name, "out of memory", "-", "-", "-", "-", "-"});
      warnings += name + ": " + row.at("out_of_memory").get<std::string>() + "\n";
      continue;
    }
    const Json& rate = row.at("throughput_images_per_s");
    table.add({name, number(rate.at("median")), number(rate.at("p5")), number(rate.at("p95")),
               number(row.at("latency_ms").at("median")), rate.at("samples").dump(),
               ratio_text(row)});
    for (const Json& warning : row.at("warnings"))
      warnings += name + ": " + warning.get<std::string>() + "\n";
  }
  return table.str(output_width()) + (warnings.empty() ? "" : "\n" + warnings);
}

}  // namespace

ExitCode run_measure(const std::vector<std::string>& words) {
  std::vector<std::string> references, overrides;
  std::string protocol_path = "configs/measure/quick.yaml";
  bool json = false;
  Arguments arguments("measure", "Speed of models side by side, measured in turns.",
                      {"vitlab measure efficientvit_m4 deit_tiny",
                       "vitlab measure efficientvit_m0 efficientvit_m1 --protocol "
                       "configs/measure/cpu_1thread_bs16.yaml"});
  arguments.positionals("models", "preset names, YAML files or folders", references);
  arguments.repeated("--set", "key=value: turn a knob of every template", overrides);
  arguments.option("--protocol", "a protocol file (default: configs/measure/quick.yaml)",
                   protocol_path);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  Json request = Json::object();
  request["command"] = "measure";
  request["protocol"] = protocol_json(load_protocol(protocol_path));
  request["candidates"] = Json::array();
  for (const std::string& reference : references) {
    const NamedModel model = resolve_model(reference, overrides);
    request["candidates"].push_back({{"name", model.name}, {"spec", spec_json(model.spec)}});
  }
  const Json result = ask_engine(request, "measure");
  if (json)
    print_json(document_of("measure", result));
  else
    print_text(measure_text(result));
  for (const Json& row : result.at("candidates"))
    if (row.contains("out_of_memory")) return ExitCode::kSomeFailed;
  return ExitCode::kDone;
}

}  // namespace vitlab
