#include "prune/scoring_batches.h"

#include "core/error.h"
#include "core/interrupt.h"
#include "data/batch_loader.h"

namespace vitlab::prune {

void for_each_scoring_batch(
    const graph::Graph& graph, const data::Dataset& dataset, const sweep::PruneSettings& settings,
    std::uint64_t seed,
    const std::function<void(const at::Tensor& images, const at::Tensor& labels)>& use) {
  const graph::Shape& image = graph.value(graph.input).shape;
  data::LoaderSettings loading;
  loading.batch_size = settings.batch_size;
  loading.channels = image[1];
  loading.height = image[2];
  loading.width = image[3];
  loading.shuffle = true;
  loading.seed = seed;
  data::BatchLoader loader(dataset, loading);
  data::Batch batch;
  graph::Index epoch = 0;
  loader.start(epoch);
  for (graph::Index count = 0; count < settings.batches; ++count) {
    core::check_interrupt();
    if (!loader.next(batch)) {
      loader.start(++epoch);
      if (!loader.next(batch))
        throw core::UserError("pruning needs training images, and there are none");
    }
    use(at::from_blob(batch.images.data(), {batch.count(), image[1], image[2], image[3]}),
        at::from_blob(batch.labels.data(), {batch.count()}, at::kLong));
  }
}

at::Tensor mean_cross_entropy(const model::RunResult& result, const at::Tensor& labels) {
  const at::Tensor there = labels.to(result.outputs.front().device());
  at::Tensor loss = at::cross_entropy_loss(result.outputs.front(), there);
  for (std::size_t i = 1; i < result.outputs.size(); ++i)
    loss = loss + at::cross_entropy_loss(result.outputs[i], there);
  return loss / static_cast<double>(result.outputs.size());
}

}  // namespace vitlab::prune
