#include "similarity/head_similarity.h"

#include <algorithm>
#include <memory>

#include <c10/core/InferenceMode.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "similarity/image_source.h"
#include "similarity/layer_measures.h"
#include "stats/summary.h"
#include "sweep/similarity_metrics.h"

namespace vitlab::similarity {

namespace {

bool is_finite(const at::Tensor& tensor) {
  return !tensor.is_floating_point() || at::isfinite(tensor).all().item<bool>();
}

/// What is no number anywhere in the maps is none in the answers; says where it comes from.
void check_finite(const graph::Graph& graph, const model::Weights& weights,
                  const at::Tensor& images, const std::vector<at::Tensor>& outputs) {
  if (std::all_of(outputs.begin(), outputs.end(), is_finite)) return;
  for (const graph::ParameterId i : graph.parameters.ids())
    if (!is_finite(weights[i]))
      throw core::UserError(
          "the weight " + graph.parameter_name(i) +
          " holds NaN or infinities, so attention maps say nothing: name weights of "
          "a training that did not diverge");
  if (!is_finite(images))
    throw core::UserError(
        "an image holds NaN or infinities, so attention maps say nothing: leave it out");
  throw core::UserError(
      "the model answers NaN or infinities for finite weights and images, so its attention maps "
      "say nothing: try --dtype float64");
}

SimilarityResult similarity(const model::Executor& executor, const model::Weights& weights,
                            ImageSource& source, const sweep::SimilaritySettings& settings,
                            const SimilarityNotice& notice) {
  const c10::InferenceMode guard;
  const graph::Graph& graph = executor.graph();
  std::vector<LayerMeasures> layers;
  for (const graph::AttentionTap& tap : graph.attention)
    layers.emplace_back(graph, tap, weights, settings.metrics);
  model::RunOptions options;
  options.taps = true;
  options.head_outputs = true;
  SimilarityResult result;
  for (at::Tensor images = source.next(); images.defined(); images = source.next()) {
    core::check_interrupt();
    const model::RunResult run = executor.run(weights, images, options);
    check_finite(graph, weights, images, run.outputs);
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i].add(run.attention[i]);
    result.images += images.size(0);
    if (notice) notice(result.images, source.images());
  }
  for (LayerMeasures& layer : layers) result.layers.push_back(layer.finish(settings.seed));
  return result;
}

void check(const model::Executor& executor, const sweep::SimilaritySettings& settings) {
  if (executor.graph().attention.empty())
    throw core::UserError(
        "head similarity compares attention heads, and this model has no attention");
  if (settings.images < 1 || settings.batch < 1)
    throw core::UserError(
        "head similarity needs at least 1 image and a batch of at least 1, got images " +
        std::to_string(settings.images) + " and batch " + std::to_string(settings.batch));
}

messages::LayerHeads layer_message(const LayerSimilarity& layer) {
  messages::LayerHeads message{.layer = layer.layer,
                               .heads = layer.heads,
                               .queries = layer.queries,
                               .keys = layer.keys,
                               .windows = layer.windows,
                               .small_grid = layer.is_small_grid,
                               .class_tokens = layer.class_tokens,
                               .note = layer.note};
  for (const HeadMetric& metric : layer.metrics) message.metrics.emplace_back(metric.name, metric);
  for (const HeadValues& values : layer.per_head) message.per_head.push_back(values);
  for (const auto& [name, values] : layer.pairs) {
    messages::NumberRows rows;
    for (auto row = values.begin(); row != values.end(); row += layer.heads)
      rows.emplace_back(row, row + layer.heads);
    message.pairs.emplace_back(name, std::move(rows));
  }
  return message;
}

}  // namespace

SimilarityResult head_similarity(const model::Executor& executor, const model::Weights& weights,
                                 const at::Tensor& images,
                                 const sweep::SimilaritySettings& settings,
                                 const SimilarityNotice& notice) {
  check(executor, settings);
  if (images.dim() != 4 || images.size(0) < 1)
    throw core::UserError("head similarity reads at least one image as (N, C, H, W)");
  const std::unique_ptr<ImageSource> source = images_of(images, settings);
  return similarity(executor, weights, *source, settings, notice);
}

SimilarityResult head_similarity(const model::Executor& executor, const model::Weights& weights,
                                 const data::Dataset& dataset,
                                 const sweep::SimilaritySettings& settings,
                                 const SimilarityNotice& notice) {
  check(executor, settings);
  const graph::Graph& graph = executor.graph();
  const std::unique_ptr<ImageSource> source =
      images_of(dataset, graph.value(graph.input).shape, settings);
  return similarity(executor, weights, *source, settings, notice);
}

void add_control(SimilarityResult& result, const std::vector<SimilarityResult>& controls) {
  for (std::size_t l = 0; l < result.layers.size(); ++l)
    for (std::size_t m = 0; m < result.layers[l].metrics.size(); ++m) {
      std::vector<double> values;
      for (const SimilarityResult& control : controls)
        values.push_back(control.layers.at(l).metrics.at(m).value);
      if (values.empty()) continue;
      messages::ControlValue beside{.value = stats::mean(values)};
      if (values.size() > 1) {
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        beside.low = *low;
        beside.high = *high;
      }
      result.layers[l].metrics[m].control = beside;
    }
}

messages::HeadSimilarity message_of(const SimilarityResult& result) {
  messages::HeadSimilarity message{.images = result.images};
  for (const LayerSimilarity& layer : result.layers) message.layers.push_back(layer_message(layer));
  return message;
}

std::vector<store::MetricValue> metrics_of(const SimilarityResult& result) {
  std::vector<store::MetricValue> rows;
  for (const LayerSimilarity& layer : result.layers) {
    for (const HeadMetric& metric : layer.metrics) {
      const std::string unit(sweep::similarity_unit(metric.name));
      const auto add = [&](const std::string& name, double value, std::optional<double> low,
                           std::optional<double> high) {
        rows.push_back({name, layer.layer, value, unit, low, high, result.images});
      };
      add(metric.name, metric.value, metric.low, metric.high);
      if (metric.null_value) add(metric.name + ".null", *metric.null_value, {}, {});
      if (metric.control)
        add(metric.name + ".control", metric.control->value, metric.control->low,
            metric.control->high);
    }
  }
  return rows;
}

}  // namespace vitlab::similarity
