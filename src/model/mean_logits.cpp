#include "model/mean_logits.h"

#include "core/error.h"

namespace vitlab::model {

at::Tensor mean_logits(const std::vector<at::Tensor>& outputs) {
  core::ensure(!outputs.empty(), "a model has an output");
  at::Tensor sum = outputs.front();
  for (std::size_t i = 1; i < outputs.size(); ++i) sum = sum + outputs[i];
  return outputs.size() == 1 ? sum : sum / static_cast<double>(outputs.size());
}

}  // namespace vitlab::model
