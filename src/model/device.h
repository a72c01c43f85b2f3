#pragma once

#include <string>
#include <string_view>

#include <ATen/ATen.h>

namespace vitlab::model {

/// "cpu", "cuda" or "cuda:1"; loads LibTorch's CUDA half when a CUDA device is asked for. Throws
/// UserError for another word, CapabilityError (with the remedy) if there is no such device.
at::Device open_device(std::string_view name);

/// What machine a number was measured on: the name of the processor or GPU.
std::string device_class(at::Device device);

/// Threads inside one op, at least 1; the results of a training depend on it.
void set_threads(int threads);

/// Lets the allocator keep what tensors free instead of handing it back to the kernel, which would
/// fault every page in again at the next step: 10 to 25 % of a small model's time on the CPU. Once,
/// at the start of a program that trains or times; it then holds the most that it ever used.
void keep_freed_memory();

}  // namespace vitlab::model
