#include <algorithm>
#include <set>

#include "architecture/cost_counter.h"
#include "architecture/presets.h"
#include "architecture/templates.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "core/text.h"
#include "graph/cost.h"
#include "graph/dtype.h"

namespace vitlab::cli {

namespace {

core::Json image_size_json(const architecture::ImageShape& image) {
  if (image.height == image.width) return image.height;
  return core::Json::array({image.height, image.width});
}

std::string image_size_text(const architecture::ImageShape& image) {
  return std::to_string(image.height) + " x " + std::to_string(image.width);
}

/// Everything that `cost` says of one model.
struct CostSheet {
  architecture::NamedModel model;
  graph::Index batch = 1;
  graph::Dtype dtype = graph::Dtype::kFloat32;
  graph::Graph graph;
  core::IdVector<graph::LayerId, graph::Cost> layers;
  graph::Cost total;

  graph::Index bytes(graph::Index elements) const {
    return elements * core::choice_row(dtype).bytes;
  }
};

CostSheet count(architecture::NamedModel model, graph::Index batch, graph::Dtype dtype) {
  CostSheet sheet{std::move(model), batch, dtype, {}, {}, {}};
  sheet.graph = architecture::build_graph(sheet.model.spec);
  sheet.layers = graph::layer_costs(sheet.graph, batch);
  for (const graph::Cost& layer : sheet.layers) sheet.total += layer;
  return sheet;
}

core::Json cost_json(const CostSheet& sheet, bool with_layers) {
  core::Json json = core::Json::object();
  json["model"] = sheet.model.name;
  json["id"] = architecture::model_id(sheet.model.spec);
  json["image_size"] = image_size_json(sheet.model.spec.image);
  json["batch"] = sheet.batch;
  json["dtype"] = core::word_of(sheet.dtype);
  json["params"] = sheet.total.parameters;
  if (architecture::has_experts(sheet.model.spec))
    json["params_active"] = sheet.total.active_parameters;
  json["macs"] = sheet.total.macs;
  json["flops"] = sheet.total.flops;
  json["bytes_moved"] = sheet.bytes(sheet.total.elements_moved);
  json["activations"] = sheet.total.activations;
  json["peak_activation_bytes"] = sheet.bytes(sheet.total.peak_elements);
  json["mhsa_share"] = architecture::mhsa_share(sheet.model.spec);
  if (!with_layers) return json;
  json["layers"] = core::Json::array();
  for (const graph::LayerId i : sheet.layers.ids()) {
    const graph::Cost& cost = sheet.layers[i];
    core::Json row = core::Json::object();
    row["layer"] = sheet.graph.layers[i].path;
    row["kind"] = sheet.graph.layers[i].kind;
    row["params"] = cost.parameters;
    if (cost.active_parameters != cost.parameters) row["params_active"] = cost.active_parameters;
    row["macs"] = cost.macs;
    row["flops"] = cost.flops;
    row["bytes_moved"] = sheet.bytes(cost.elements_moved);
    row["activations"] = cost.activations;
    row["peak_activation_bytes"] = sheet.bytes(cost.peak_elements);
    json["layers"].push_back(std::move(row));
  }
  return json;
}

/// Parameters, and behind a slash those that work on one token where experts make them fewer.
std::string parameters_text(const graph::Cost& cost) {
  std::string all = core::with_thousands(cost.parameters);
  if (cost.active_parameters == cost.parameters) return all;
  return all + " / " + core::with_thousands(cost.active_parameters);
}

std::vector<std::string> cost_cells(const CostSheet& sheet) {
  const graph::Cost& c = sheet.total;
  return {sheet.model.name,
          image_size_text(sheet.model.spec.image),
          parameters_text(c),
          core::with_thousands(c.macs),
          core::with_thousands(c.flops),
          core::si(static_cast<double>(sheet.bytes(c.elements_moved)), "B"),
          core::with_thousands(c.activations),
          core::si(static_cast<double>(sheet.bytes(c.peak_elements)), "B"),
          core::significant(100 * architecture::mhsa_share(sheet.model.spec), 3) + " %"};
}

const std::vector<std::string> kCostHeader{"model",       "image",       "parameters",
                                           "MACs",        "FLOPs",       "bytes moved",
                                           "activations", "peak memory", "MHSA share"};

std::string layer_table(const CostSheet& sheet) {
  core::TextTable table(
      {"layer", "kind", "parameters", "MACs", "FLOPs", "bytes moved", "peak memory"});
  for (const graph::LayerId i : sheet.layers.ids()) {
    const graph::Cost& c = sheet.layers[i];
    table.add({sheet.graph.layers[i].path, std::string(sheet.graph.layers[i].kind),
               parameters_text(c), core::with_thousands(c.macs), core::with_thousands(c.flops),
               core::si(static_cast<double>(sheet.bytes(c.elements_moved)), "B"),
               core::si(static_cast<double>(sheet.bytes(c.peak_elements)), "B")});
  }
  return table.str(output_width());
}

std::string convention(graph::Index batch, graph::Dtype dtype, bool with_experts) {
  return "Per forward of " + std::to_string(batch) + (batch == 1 ? " image, " : " images, ") +
         std::string(core::word_of(dtype)) +
         ". MACs: multiply-adds of convolutions, linear layers and matrix products. FLOPs: "
         "every op, a\nmultiply-add as 2. Bytes: each op reads its inputs and parameters and "
         "writes its output once; views are free.\n" +
         (with_experts ? "Parameters a / b: b of a work on one token, which does not choose every "
                         "expert.\n"
                       : "");
}

}  // namespace

core::ExitCode run_models(const std::vector<std::string>& words) {
  bool json = false;
  Arguments arguments("models", "List the built-in models and the templates behind them.",
                      {"vitlab models", "vitlab models --json"});
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);

  core::Json document = json_document("models");
  document["models"] = core::Json::array();
  document["templates"] = core::Json::array();
  core::TextTable models({"model", "template", "image", "parameters", "MACs", "MHSA share"});
  for (const std::string& name : architecture::preset_names()) {
    const architecture::NamedModel model = architecture::resolve_model(name);
    const std::string family = architecture::template_name(model.knobs);
    const std::string template_name = family.empty() ? "explicit" : family;
    const graph::Cost cost = architecture::CostCounter().count(model.spec);
    models.add({name, template_name, image_size_text(model.spec.image), parameters_text(cost),
                core::with_thousands(cost.macs),
                core::significant(100 * architecture::mhsa_share(model.spec), 3) + " %"});
    core::Json row = core::Json::object();
    row["model"] = name;
    row["template"] = template_name;
    row["id"] = architecture::model_id(model.spec);
    row["image_size"] = image_size_json(model.spec.image);
    row["params"] = cost.parameters;
    if (architecture::has_experts(model.spec)) row["params_active"] = cost.active_parameters;
    row["macs"] = cost.macs;
    row["mhsa_share"] = architecture::mhsa_share(model.spec);
    document["models"].push_back(std::move(row));
  }
  core::TextTable knobs({"template", "knob", "default", "meaning"});
  for (const architecture::Template& row : architecture::templates()) {
    core::Json entry = core::Json::object();
    entry["template"] = row.name;
    entry["summary"] = row.summary;
    entry["knobs"] = core::Json::array();
    for (const architecture::Knob& knob : row.knobs) {
      knobs.add(
          {std::string(row.name), std::string(knob.name), knob.default_text(), knob.meaning()});
      core::Json item = core::Json::object();
      item["knob"] = knob.name;
      item["default"] = knob.default_text();
      item["meaning"] = knob.meaning();
      entry["knobs"].push_back(std::move(item));
    }
    document["templates"].push_back(std::move(entry));
  }
  if (json)
    print_json(document);
  else
    print_text(models.str(output_width()) + "\n" + knobs.str(output_width()));
  return core::ExitCode::kDone;
}

core::ExitCode run_cost(const std::vector<std::string>& words) {
  std::vector<std::string> references, overrides;
  graph::Index batch = 1;
  std::string dtype_word = "float32";
  bool json = false, layers = false;
  Arguments arguments(
      "cost", "Parameters, MACs, FLOPs, bytes and memory, computed without running the model.",
      {"vitlab cost efficientvit_m0 efficientvit_m4 deit_tiny",
       "vitlab cost efficientvit_m0 --set image_size=384 --layers",
       "vitlab cost my_model.yaml --batch 16 --json"});
  arguments.positionals("models", "preset names, YAML files or folders", references);
  arguments.repeated("--set", "key=value: turn a knob of the templates", overrides);
  arguments.option("--batch", "images per forward", batch, {.least = 1});
  arguments.option("--dtype", "float32 (default), bfloat16, float16 or float64", dtype_word);
  arguments.flag("--layers", "a row per layer", layers);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);

  const auto dtype = core::read_choice<graph::Dtype>(dtype_word, "--dtype");
  core::Json document = json_document("cost");
  document["models"] = core::Json::array();
  core::TextTable table(kCostHeader);
  std::string text;
  bool with_experts = false;
  for (const std::string& reference : references) {
    const CostSheet sheet = count(architecture::resolve_model(reference, overrides), batch, dtype);
    with_experts |= architecture::has_experts(sheet.model.spec);
    document["models"].push_back(cost_json(sheet, true));
    table.add(cost_cells(sheet));
    if (layers) text += sheet.model.name + "\n" + layer_table(sheet) + "\n";
  }
  if (json)
    print_json(document);
  else
    print_text(text + table.str(output_width()) + "\n" + convention(batch, dtype, with_experts));
  return core::ExitCode::kDone;
}

core::ExitCode run_show(const std::vector<std::string>& words) {
  std::string reference;
  std::vector<std::string> overrides;
  bool json = false, explicit_yaml = false;
  Arguments arguments("show", "Show one model: knobs, layers, cost; or write it out.",
                      {"vitlab show efficientvit_m0",
                       "vitlab show deit_tiny --set mhsa_share=0.2 --set placement=early",
                       "vitlab show efficientvit_m0 --explicit > my_model.yaml"});
  arguments.positional("model", "a preset name, a YAML file or a folder", reference);
  arguments.repeated("--set", "key=value: turn a knob of the template", overrides);
  arguments.flag("--explicit", "print explicit YAML, which reads back to the same id",
                 explicit_yaml);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);

  const architecture::NamedModel model = architecture::resolve_model(reference, overrides);
  if (explicit_yaml && !json) {
    print_text(architecture::spec_yaml(model.spec));
    return core::ExitCode::kDone;
  }
  const CostSheet sheet = count(model, 1, graph::Dtype::kFloat32);
  if (json) {
    core::Json document = json_document("show");
    document.update(cost_json(sheet, true));
    document["knobs"] = model.knobs;
    document["spec"] = architecture::spec_json(model.spec);
    print_json(document);
    return core::ExitCode::kDone;
  }
  std::string text = "model       " + model.name + "\nid          " +
                     architecture::model_id(model.spec) + "\nimage       " +
                     image_size_text(model.spec.image) + "\nMHSA share  " +
                     core::significant(100 * architecture::mhsa_share(model.spec), 4) + " %\n";
  for (const auto& [knob, value] : model.knobs.items()) {
    std::string line = knob + " ";
    line.resize(std::max<std::size_t>(12, line.size()), ' ');
    text += line + core::dump_json(value) + "\n";
  }
  if (const auto placement = architecture::placement_of(model.knobs))
    text += "attention layers are placed " + *placement + "\n";
  core::TextTable table(kCostHeader);
  table.add(cost_cells(sheet));
  print_text(text + "\n" + layer_table(sheet) + "\n" + table.str(output_width()) + "\n" +
             convention(1, graph::Dtype::kFloat32, architecture::has_experts(model.spec)));
  return core::ExitCode::kDone;
}

namespace {

/// The layers of a spec by path, each as one line of settings.
std::vector<std::pair<std::string, std::string>> spec_lines(const architecture::ModelSpec& spec) {
  std::vector<std::pair<std::string, std::string>> lines;
  lines.emplace_back("image", image_size_text(spec.image));
  lines.emplace_back("stem", core::dump_json(layers::layer_json(spec.stem, true)));
  for (std::size_t i = 0; i < spec.stages.size(); ++i) {
    const std::string stage = "stages." + std::to_string(i);
    lines.emplace_back(stage + ".width", std::to_string(spec.stages[i].width));
    if (spec.stages[i].downsample)
      lines.emplace_back(stage + ".downsample",
                         core::dump_json(layers::layer_json(*spec.stages[i].downsample, true)));
    for (std::size_t j = 0; j < spec.stages[i].layers.size(); ++j)
      lines.emplace_back(stage + ".layers." + std::to_string(j),
                         core::dump_json(layers::layer_json(spec.stages[i].layers[j], true)));
  }
  for (std::size_t i = 0; i < spec.heads.size(); ++i)
    lines.emplace_back("heads." + std::to_string(i),
                       core::dump_json(layers::layer_json(spec.heads[i], true)));
  return lines;
}

std::string lookup(const std::vector<std::pair<std::string, std::string>>& lines,
                   const std::string& path) {
  for (const auto& [known, text] : lines)
    if (known == path) return text;
  return "";
}

struct MetricPair {
  std::string name;
  graph::Index a = 0, b = 0;
};

std::vector<MetricPair> metric_pairs(const CostSheet& a, const CostSheet& b) {
  return {
      {"params", a.total.parameters, b.total.parameters},
      {"macs", a.total.macs, b.total.macs},
      {"flops", a.total.flops, b.total.flops},
      {"bytes_moved", a.bytes(a.total.elements_moved), b.bytes(b.total.elements_moved)},
      {"activations", a.total.activations, b.total.activations},
      {"peak_activation_bytes", a.bytes(a.total.peak_elements), b.bytes(b.total.peak_elements)}};
}

}  // namespace

core::ExitCode run_diff(const std::vector<std::string>& words) {
  std::string first, second;
  bool json = false;
  Arguments arguments("diff", "Say what two models differ in, and what that costs.",
                      {"vitlab diff efficientvit_m0 efficientvit_m1",
                       "vitlab diff efficientvit_m4 pruned/ --json"});
  arguments.positional("a", "a preset name, a YAML file or a folder", first);
  arguments.positional("b", "another", second);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);

  const CostSheet a = count(architecture::resolve_model(first), 1, graph::Dtype::kFloat32);
  const CostSheet b = count(architecture::resolve_model(second), 1, graph::Dtype::kFloat32);
  const auto lines_a = spec_lines(a.model.spec), lines_b = spec_lines(b.model.spec);
  std::vector<std::string> paths;
  std::set<std::string> seen;
  for (const auto* lines : {&lines_a, &lines_b})
    for (const auto& [path, text] : *lines)
      if (seen.insert(path).second) paths.push_back(path);

  core::Json document = json_document("diff");
  document["a"] = cost_json(a, false);
  document["b"] = cost_json(b, false);
  document["same"] = a.model.spec == b.model.spec;
  document["metrics"] = core::Json::array();
  core::TextTable metrics({"metric", a.model.name, b.model.name, "ratio"});
  for (const MetricPair& m : metric_pairs(a, b)) {
    const double ratio = m.a == 0 ? 0 : static_cast<double>(m.b) / static_cast<double>(m.a);
    metrics.add({m.name, core::with_thousands(m.a), core::with_thousands(m.b),
                 core::significant(ratio, 4)});
    core::Json row = core::Json::object();
    row["metric"] = m.name;
    row["a"] = m.a;
    row["b"] = m.b;
    row["ratio"] = ratio;
    document["metrics"].push_back(std::move(row));
  }
  document["layers"] = core::Json::array();
  std::string text;
  for (const std::string& path : paths) {
    const std::string of_a = lookup(lines_a, path), of_b = lookup(lines_b, path);
    if (of_a == of_b) continue;
    text += path + "\n  - " + (of_a.empty() ? "(none)" : of_a) + "\n  + " +
            (of_b.empty() ? "(none)" : of_b) + "\n";
    core::Json row = core::Json::object();
    row["path"] = path;
    row["a"] = of_a.empty() ? core::Json(nullptr) : core::Json(of_a);
    row["b"] = of_b.empty() ? core::Json(nullptr) : core::Json(of_b);
    document["layers"].push_back(std::move(row));
  }
  if (json)
    print_json(document);
  else
    print_text(metrics.str(output_width()) + "\n" +
               (text.empty() ? "The models are equal.\n" : text));
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
