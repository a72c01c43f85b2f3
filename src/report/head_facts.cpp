#include "report/head_facts.h"

#include <algorithm>
#include <cmath>

namespace vitlab::report {
namespace {

std::optional<double> number_of(const core::Json& json) {
  if (!json.is_number()) return std::nullopt;
  const double value = json.get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// What stands under a key; null where nothing does.
const core::Json& at_key(const core::Json& json, const char* key) {
  static const core::Json kNothing;
  if (!json.is_object()) return kNothing;
  const auto found = json.find(key);
  return found == json.end() ? kNothing : *found;
}

std::string word_at(const core::Json& json, const char* key) {
  const core::Json& text = at_key(json, key);
  return text.is_string() ? text.get<std::string>() : std::string();
}

void read_metrics(const core::Json& metrics, HeadLayerFacts& layer) {
  for (const auto& [name, row] : metrics.items()) {
    const auto value = number_of(at_key(row, "value"));
    if (!value) continue;
    layer.metrics[name] = {*value, number_of(at_key(row, "low")), number_of(at_key(row, "high")),
                           number_of(at_key(row, "null")),
                           number_of(at_key(at_key(row, "control"), "value"))};
  }
}

/// Empty unless every head has a number: a worth without its head would stand at another one.
std::vector<double> numbers_of(const core::Json& list) {
  std::vector<double> numbers;
  for (const core::Json& item : list) {
    const auto value = number_of(item);
    if (!value) return {};
    numbers.push_back(*value);
  }
  return numbers;
}

HeadMatrix matrix_of(const core::Json& rows) {
  HeadMatrix matrix;
  for (const core::Json& row : rows) {
    matrix.emplace_back();
    for (const core::Json& cell : row) matrix.back().push_back(number_of(cell));
  }
  return matrix;
}

HeadLayerFacts layer_facts(const core::Json& json) {
  HeadLayerFacts layer;
  layer.layer = word_at(json, "layer");
  layer.note = word_at(json, "note");
  if (const core::Json& heads = at_key(json, "heads"); heads.is_number_integer())
    layer.heads = heads.get<std::int64_t>();
  read_metrics(at_key(json, "metrics"), layer);
  for (const auto& [name, list] : at_key(json, "per_head").items())
    if (auto numbers = numbers_of(list); !numbers.empty()) layer.per_head[name] = numbers;
  for (const auto& [name, rows] : at_key(json, "pairs").items())
    layer.pairs[name] = matrix_of(rows);
  return layer;
}

void add_ablation(const core::Json& ablation, HeadFacts& facts) {
  for (const core::Json& row : at_key(ablation, "layers")) {
    core::Json changes = core::Json::array();
    for (const core::Json& head : at_key(row, "heads"))
      changes.push_back(at_key(at_key(head, "removed"), "loss_change"));
    for (HeadLayerFacts& layer : facts.layers)
      if (layer.layer == word_at(row, "layer")) layer.lost_without = numbers_of(changes);
  }
}

}  // namespace

const HeadMetricFacts* HeadLayerFacts::metric(const std::string& name) const {
  const auto found = metrics.find(name);
  return found == metrics.end() ? nullptr : &found->second;
}

std::optional<double> HeadLayerFacts::resemblance(std::size_t head) const {
  const auto found = pairs.find("map");
  if (found == pairs.end() || head >= found->second.size()) return std::nullopt;
  const auto& row = found->second[head];
  double sum = 0;
  for (std::size_t other = 0; other < row.size(); ++other) {
    if (other == head) continue;
    if (!row[other]) return std::nullopt;
    sum += *row[other];
  }
  if (row.size() < 2) return std::nullopt;
  return sum / static_cast<double>(row.size() - 1);
}

const std::vector<double>& HeadLayerFacts::worth(bool by_ablation) const {
  static const std::vector<double> kUnknown;
  if (by_ablation) return lost_without;
  const auto gates = per_head.find("gate_importance");
  return gates == per_head.end() ? kUnknown : gates->second;
}

bool HeadFacts::has_ablation() const {
  return !layers.empty() && std::none_of(layers.begin(), layers.end(), [](const auto& layer) {
    return layer.lost_without.empty();
  });
}

HeadFacts head_facts(const core::Json& similarity) {
  HeadFacts facts;
  if (const core::Json& images = at_key(similarity, "images"); images.is_number_integer())
    facts.images = images.get<std::int64_t>();
  for (const core::Json& layer : at_key(similarity, "layers"))
    if (layer.is_object()) facts.layers.push_back(layer_facts(layer));
  add_ablation(at_key(similarity, "ablation"), facts);
  return facts;
}

}  // namespace vitlab::report
