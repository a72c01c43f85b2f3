#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include <ATen/ATen.h>

#include "graph/shape.h"

namespace vitlab::model {

/// Numbers in [-0.5, 0.5), `formula` of tests/oracle/timm_oracle.py.
inline at::Tensor formula(const std::string& name, at::IntArrayRef shape) {
  constexpr std::int64_t kPrime = 65521;
  std::int64_t start = 0;
  for (const char byte : name) start = (start * 131 + byte) % kPrime;
  at::Tensor tensor = at::empty(shape, at::kDouble);
  double* data = tensor.mutable_data_ptr<double>();
  for (graph::Index i = 0; i < tensor.numel(); ++i) {
    std::int64_t t = (start + 7919 * i) % kPrime;
    t = (t * t % kPrime) * t % kPrime;
    data[i] = static_cast<double>((t * t % kPrime + t) % kPrime) / kPrime - 0.5;
  }
  return tensor;
}

/// `formula_tensor` of the same file: nothing in a model is 0 or 1.
inline at::Tensor formula_tensor(const std::string& name, at::IntArrayRef shape, double gain = 1) {
  const at::Tensor u = formula(name, shape);
  const bool is_weight = name.ends_with("weight");
  if (name.ends_with("running_var")) return 2 * u + 2;
  if (shape.size() == 1 && is_weight) return u + 1;
  if (shape.size() > 1 && is_weight) {
    const graph::Index fan_in = u.numel() / shape[0];
    return u * (gain * std::sqrt(12.0 / static_cast<double>(fan_in)));
  }
  return u;
}

}  // namespace vitlab::model
