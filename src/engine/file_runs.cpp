#include "engine/file_runs.h"

#include "core/error.h"
#include "core/text.h"

namespace vitlab::engine {

std::optional<double> checked_difference(const FileToRun& file, const at::Tensor& images,
                                         const at::Tensor& logits) {
  constexpr double kLimit = 1e-3;
  if (!file.expected) return std::nullopt;
  const at::Tensor expected = file.expected(images).to(at::kDouble);
  if (logits.sizes() != expected.sizes())
    throw core::Failure("not timed: the logits have another shape than vitlab's");
  const auto scale = expected.abs().max().item<double>();
  const auto difference = (logits.to(at::kDouble) - expected).abs().max().item<double>();
  const double relative = scale > 0 ? difference / scale : difference;
  if (!(relative <= kLimit))
    throw core::Failure("not timed: its logits differ from vitlab's by " +
                        core::significant(relative, 3) + " of the largest, at most " +
                        core::significant(kLimit, 3) + " is allowed");
  return relative;
}

graph::Shape image_of(const FileToRun& file, const std::optional<graph::Shape>& told) {
  if (told) return *told;
  if (file.image) return *file.image;
  throw core::Failure(file.path.string() +
                      " does not say the size of its images; give --image-size");
}

}  // namespace vitlab::engine
