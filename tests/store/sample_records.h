#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "store/store.h"
#include "temporary_folder.h"

namespace vitlab::store {

/// A temporary folder in memory where the system has one, for tests of many publications that are
/// not about the disk.
class MemoryFolder {
 public:
  MemoryFolder() {
    const std::filesystem::path memory = "/dev/shm";
    if (std::filesystem::is_directory(memory)) path_ = memory / on_disk_.path().filename();
    std::filesystem::create_directories(path_);
  }
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;
  ~MemoryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  TemporaryFolder on_disk_;
  std::filesystem::path path_ = on_disk_.path();
};

inline core::Json sample_spec(int number) {
  return {{"kind", "train"}, {"version", 1}, {"model", "m"}, {"seed", number}};
}

/// A record of a stage that uses every field, also the awkward values.
inline StageRecord sample_record(const std::string& id) {
  StageRecord record;
  record.id = id;
  record.kind = "train";
  record.kind_version = 2;
  record.metrics = {{"accuracy.top1", "", 0.1 + 0.2, "1", 0.25, 0.35, 360},
                    {"latency", "stages.0/é \"x\"", 1e-300, "s", {}, {}, 1},
                    {"loss.test", "", std::numeric_limits<double>::quiet_NaN(), "1", {}, {}, 3}};
  record.details = {{"curve", {1.5, 2, -0.0}}, {"words", "line\nbreak"}};
  record.provenance.host = "node17";
  return record;
}

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void overwrite(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace vitlab::store
