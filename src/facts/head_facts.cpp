#include "facts/head_facts.h"

#include <algorithm>
#include <cmath>

namespace vitlab::facts {
namespace {

std::vector<double> all_or_none(std::vector<double> numbers) {
  const bool is_whole = std::all_of(numbers.begin(), numbers.end(),
                                    [](double number) { return std::isfinite(number); });
  return is_whole ? std::move(numbers) : std::vector<double>{};
}

}  // namespace

std::optional<double> resemblance(const messages::LayerHeads& layer, std::size_t head) {
  const messages::NumberRows* maps = layer.pairs.named("map");
  if (maps == nullptr || head >= maps->size()) return std::nullopt;
  const std::vector<double>& row = (*maps)[head];
  double sum = 0;
  for (std::size_t other = 0; other < row.size(); ++other)
    if (other != head) sum += row[other];
  const double mean = sum / static_cast<double>(row.size() - 1);
  return std::isfinite(mean) ? std::optional(mean) : std::nullopt;
}

std::vector<double> worth_of_heads(const messages::HeadSimilarity& similarity,
                                   const messages::LayerHeads& layer, bool by_ablation) {
  if (!by_ablation) {
    const std::vector<double>* gates = layer.per_head.named("gate_importance");
    return gates == nullptr ? std::vector<double>{} : all_or_none(*gates);
  }
  std::vector<double> changes;
  if (similarity.ablation)
    for (const messages::AblatedLayer& row : similarity.ablation->layers)
      if (row.layer == layer.layer)
        for (const messages::AblatedHead& head : row.heads)
          changes.push_back(head.removed.loss_change);
  return all_or_none(std::move(changes));
}

bool has_ablation(const messages::HeadSimilarity& similarity) {
  const auto& layers = similarity.layers;
  return !layers.empty() && std::none_of(layers.begin(), layers.end(), [&](const auto& layer) {
    return worth_of_heads(similarity, layer, true).empty();
  });
}

}  // namespace vitlab::facts
