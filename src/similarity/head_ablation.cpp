#include "similarity/head_ablation.h"

#include <algorithm>

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "similarity/gated_heads.h"
#include "similarity/image_source.h"

namespace vitlab::similarity {

namespace {

void check_labels(const at::Tensor& labels, graph::Index classes) {
  if (labels.max().item<graph::Index>() >= classes)
    throw core::UserError("the data set has labels up to " +
                          std::to_string(labels.max().item<graph::Index>()) +
                          ", and the model has " + std::to_string(classes) + " classes");
}

/// Adds losses and right answers of one batch, to what has `loss` and `top1`.
template <typename Answers>
void add_answers(Answers& answers, const at::Tensor& logits, const at::Tensor& labels) {
  check_labels(labels, logits.size(1));
  const at::Tensor here = logits.to(at::kCPU, at::kDouble);
  answers.loss += at::cross_entropy_loss(here, labels, {}, at::Reduction::Sum).item<double>();
  answers.top1 += (here.argmax(1) == labels).sum().item<double>();
}

template <typename Answers>
void average(Answers& answers, graph::Index images) {
  answers.loss /= static_cast<double>(images);
  answers.top1 /= static_cast<double>(images);
}

/// Sums of images become means, beside their changes from those of the whole.
void settle(messages::AblatedAnswers& answers, const messages::HeadAblations& whole) {
  average(answers, whole.images);
  answers.loss_change = answers.loss - whole.loss;
  answers.top1_change = answers.top1 - whole.top1;
}

/// Gates that leave `layer` only the heads of `kept` (ones and zeros).
std::vector<at::Tensor> gates_of(const GatedHeads& model, std::size_t layer, graph::Index images,
                                 const at::Tensor& kept) {
  std::vector<at::Tensor> gates(model.layers());
  gates[layer] = kept.unsqueeze(0).expand({images, -1});
  return gates;
}

messages::HeadAblations whole_model(const graph::Graph& graph, const GatedHeads& model) {
  if (model.layers() == 0)
    throw core::UserError("ablation takes attention heads away, and this model has no attention");
  messages::HeadAblations result;
  for (std::size_t layer = 0; layer < model.layers(); ++layer) {
    messages::AblatedLayer row{.layer = graph.attention_name(graph.attention[layer])};
    for (graph::Index head = 0; head < model.heads(layer); ++head)
      row.heads.push_back({.head = head});
    result.layers.push_back(std::move(row));
  }
  return result;
}

}  // namespace

messages::HeadAblations ablate_heads(const model::Executor& executor, const model::Weights& weights,
                                     const data::Dataset& dataset,
                                     const sweep::SimilaritySettings& settings,
                                     const SimilarityNotice& notice) {
  const c10::InferenceMode guard;
  const graph::Graph& graph = executor.graph();
  const GatedHeads model(executor, weights);
  messages::HeadAblations result = whole_model(graph, model);
  const auto source = images_of(dataset, graph.value(graph.input).shape, settings);
  for (at::Tensor images = source->next(); images.defined(); images = source->next()) {
    const at::Tensor labels = source->labels();
    const graph::Index count = images.size(0);
    add_answers(result, model.run(images, std::vector<at::Tensor>(model.layers())), labels);
    for (std::size_t layer = 0; layer < model.layers(); ++layer)
      for (messages::AblatedHead& row : result.layers[layer].heads) {
        core::check_interrupt();
        at::Tensor only = at::zeros({model.heads(layer)});
        only[row.head] = 1;
        add_answers(row.removed, model.run(images, gates_of(model, layer, count, 1 - only)),
                    labels);
        add_answers(row.left, model.run(images, gates_of(model, layer, count, only)), labels);
      }
    result.images += count;
    if (notice) notice(result.images, source->images());
  }
  average(result, result.images);
  for (messages::AblatedLayer& layer : result.layers)
    for (messages::AblatedHead& row : layer.heads) {
      settle(row.removed, result);
      settle(row.left, result);
    }
  return result;
}

bool wants_importance(const sweep::SimilaritySettings& settings) {
  return std::find(settings.metrics.begin(), settings.metrics.end(), "gate_importance") !=
         settings.metrics.end();
}

std::vector<std::vector<double>> gate_importance(const model::Executor& executor,
                                                 const model::Weights& weights,
                                                 const data::Dataset& dataset,
                                                 const sweep::SimilaritySettings& settings,
                                                 const SimilarityNotice& notice) {
  const graph::Graph& graph = executor.graph();
  const GatedHeads model(executor, weights);
  std::vector<at::Tensor> sums;
  for (std::size_t layer = 0; layer < model.layers(); ++layer)
    sums.push_back(at::zeros({model.heads(layer)}, at::kDouble));
  const auto source = images_of(dataset, graph.value(graph.input).shape, settings);
  const c10::AutoGradMode with_gradients(true);
  graph::Index done = 0;
  for (at::Tensor images = source->next(); images.defined(); images = source->next()) {
    core::check_interrupt();
    std::vector<at::Tensor> gates;
    for (std::size_t layer = 0; layer < model.layers(); ++layer)
      gates.push_back(at::ones({images.size(0), model.heads(layer)}).requires_grad_(true));
    const at::Tensor logits = model.run(images, gates).to(at::kCPU);
    check_labels(source->labels(), logits.size(1));
    // A sum: the gradient of an image's gates is that of its own loss.
    at::cross_entropy_loss(logits, source->labels(), {}, at::Reduction::Sum).backward();
    for (std::size_t layer = 0; layer < gates.size(); ++layer)
      if (gates[layer].grad().defined())
        sums[layer] += gates[layer].grad().to(at::kDouble).abs().sum(0);
    done += images.size(0);
    if (notice) notice(done, source->images());
  }
  std::vector<std::vector<double>> importance;
  for (const at::Tensor& sum : sums) {
    const double length = sum.norm().item<double>();
    const at::Tensor own = (length > 0 ? sum / length : sum).contiguous();
    importance.emplace_back(own.const_data_ptr<double>(),
                            own.const_data_ptr<double>() + own.numel());
  }
  return importance;
}

void add_importance(SimilarityResult& result, const std::vector<std::vector<double>>& importance) {
  for (std::size_t layer = 0; layer < importance.size(); ++layer)
    result.layers[layer].per_head.emplace_back("gate_importance", importance[layer]);
}

}  // namespace vitlab::similarity
