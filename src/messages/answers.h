#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "architecture/preprocessing.h"
#include "core/choice.h"
#include "core/json_fields.h"
#include "graph/dtype.h"
#include "messages/machine.h"

namespace vitlab::messages {

/// A class of high probability.
struct ToldClass {
  std::string name;  // its number where the weights know no names
  double probability = 0;

  bool operator==(const ToldClass&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("class", &ToldClass::name),
                      core::required("probability", &ToldClass::probability)};
  }
};

/// What a model tells of an image file: its five likeliest classes.
struct ToldImage {
  std::string file;
  std::vector<ToldClass> top;

  bool operator==(const ToldImage&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("file", &ToldImage::file),
                      core::required("top", &ToldImage::top)};
  }
};

/// Which model ran on how many images, and where its output lies.
struct ForwardAnswer {
  std::string model, id;
  std::string output;
  std::int64_t images = 0;
  graph::Dtype dtype{};
  bool deploy = false;
  std::string weights;               // where they came from, in words
  std::vector<std::string> resized;  // tensors that were made for another image size
  std::vector<ToldImage> told;       // of image files
  std::optional<architecture::Preprocessing> preprocessing;  // of image files

  static constexpr auto fields() {
    return std::tuple{core::required("model", &ForwardAnswer::model),
                      core::required("id", &ForwardAnswer::id),
                      core::required("output", &ForwardAnswer::output),
                      core::required("images", &ForwardAnswer::images),
                      core::required("dtype", &ForwardAnswer::dtype),
                      core::required("deploy", &ForwardAnswer::deploy),
                      core::required("weights", &ForwardAnswer::weights),
                      core::optional("resized", &ForwardAnswer::resized),
                      core::optional("told", &ForwardAnswer::told),
                      core::optional("preprocessing", &ForwardAnswer::preprocessing)};
  }
};

/// The GPU that can be used, or why there is none.
struct CudaFound {
  bool available = false;
  std::optional<std::string> device, reason;
  std::optional<std::string> own_kernels;  // why vitlab's own do not run there

  bool operator==(const CudaFound&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("available", &CudaFound::available),
                      core::optional("device", &CudaFound::device),
                      core::optional("reason", &CudaFound::reason),
                      core::optional("own_kernels", &CudaFound::own_kernels)};
  }
};

/// What a level of memory gives at most.
struct MemoryLevelRoof {
  std::string level;
  std::int64_t size_bytes = 0;
  double read_gbytes_per_s = 0, copy_gbytes_per_s = 0, triad_gbytes_per_s = 0;

  bool operator==(const MemoryLevelRoof&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("level", &MemoryLevelRoof::level),
                      core::required("size_bytes", &MemoryLevelRoof::size_bytes),
                      core::required("read_gbytes_per_s", &MemoryLevelRoof::read_gbytes_per_s),
                      core::required("copy_gbytes_per_s", &MemoryLevelRoof::copy_gbytes_per_s),
                      core::required("triad_gbytes_per_s", &MemoryLevelRoof::triad_gbytes_per_s)};
  }
};

/// What a device gives at most.
struct Roofs {
  double peak_gflops_per_s = 0;  // of a matrix product
  double peak_gbytes_per_s = 0;
  double call_us = 0;           // what a call costs at least
  double fma_gflops_per_s = 0;  // of a loop of float32 multiply-adds
  std::vector<MemoryLevelRoof> levels;

  bool operator==(const Roofs&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("peak_gflops_per_s", &Roofs::peak_gflops_per_s),
                      core::required("peak_gbytes_per_s", &Roofs::peak_gbytes_per_s),
                      core::required("call_us", &Roofs::call_us),
                      core::required("fma_gflops_per_s", &Roofs::fma_gflops_per_s),
                      core::required("levels", &Roofs::levels)};
  }
};

/// Which of the roofs allows an op the least: memory, arithmetic or the cost of a call.
enum class Bound : std::uint8_t { kMemory, kCompute, kLaunch };
struct BoundRow {
  Bound value;
  std::string_view word;
};
constexpr std::array kBounds{BoundRow{Bound::kMemory, "memory"},
                             BoundRow{Bound::kCompute, "compute"},
                             BoundRow{Bound::kLaunch, "launch"}};
static_assert(core::is_whole(kBounds));
constexpr const auto& choice_rows(Bound) { return kBounds; }

/// The roofs of a device with so many threads and one dtype.
struct RoofRow : Roofs {
  std::string device;
  std::int64_t threads = 1;
  graph::Dtype dtype{};

  bool operator==(const RoofRow&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("device", &RoofRow::device),
                                     core::required("threads", &RoofRow::threads),
                                     core::required("dtype", &RoofRow::dtype)},
                          Roofs::fields());
  }
};

/// What the engine knows of this machine.
struct DoctorAnswer {
  Environment environment;
  std::int64_t threads_default = 1;
  CudaFound cuda;
  std::vector<RoofRow> roofs;  // if they were asked for

  static constexpr auto fields() {
    return std::tuple{core::required("environment", &DoctorAnswer::environment),
                      core::required("threads_default", &DoctorAnswer::threads_default),
                      core::required("cuda", &DoctorAnswer::cuda),
                      core::optional("roofs", &DoctorAnswer::roofs)};
  }
};

/// How many stages a worker tried.
struct WorkAnswer {
  std::int64_t finished = 0;

  static constexpr auto fields() {
    return std::tuple{core::required("finished", &WorkAnswer::finished)};
  }
};

/// How many candidates the memory held, and where they were timed.
struct SampleAnswer {
  std::uint64_t timed = 0;
  Environment environment;

  static constexpr auto fields() {
    return std::tuple{core::required("timed", &SampleAnswer::timed),
                      core::required("environment", &SampleAnswer::environment)};
  }
};

}  // namespace vitlab::messages
