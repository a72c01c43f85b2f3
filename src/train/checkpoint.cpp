#include "train/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "core/config_node.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_fields.h"
#include "core/text.h"

namespace vitlab::train {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::size_t kMostStateBytes = std::size_t{256} << 20;

/// The JSON file of a checkpoint.
struct CheckpointFile {
  std::int64_t schema = 1;
  std::string training;  // its identity
  std::string tensors_sha256;
  std::string state_hash;
  core::Json state;

  static constexpr auto fields() {
    return std::tuple{core::required("schema", &CheckpointFile::schema),
                      core::required("training", &CheckpointFile::training),
                      core::required("tensors_sha256", &CheckpointFile::tensors_sha256),
                      core::required("state_hash", &CheckpointFile::state_hash),
                      core::required("state", &CheckpointFile::state)};
  }
};

/// The hash of the state stands beside it, so that no flipped bit of a counter goes unseen.
std::string state_hash(const core::Json& state) {
  return core::identity(core::canonical_json(state));
}

}  // namespace

CheckpointFolder::CheckpointFolder(fs::path folder, std::string identity)
    : folder_(std::move(folder)), identity_(std::move(identity)) {}

void CheckpointFolder::write(graph::Index step, const Checkpoint& checkpoint) const {
  const fs::path tensors = file(step, ".safetensors");
  model::write_tensors(tensors, checkpoint.tensors);
  const CheckpointFile content{1, identity_, core::sha256_file(tensors),
                               state_hash(checkpoint.state), checkpoint.state};
  core::write_file_atomically(file(step, ".json"), core::dump_json(core::to_json(content)) + "\n");
  const std::vector<graph::Index> all = steps();
  for (std::size_t i = 2; i < all.size(); ++i) remove(all[i]);
}

std::optional<Checkpoint> CheckpointFolder::newest(std::vector<std::string>& notes) const {
  for (const graph::Index step : steps()) {
    std::string training;
    try {
      Checkpoint checkpoint = read(step, training);
      if (training == identity_) return checkpoint;
    } catch (const std::exception& error) {
      notes.push_back(fmt::format("the checkpoint of step {} was passed over: {}", step,
                                  core::printable(error.what())));
      continue;
    }
    throw core::UserError(
        folder_.string() +
        " holds the checkpoints of another training (other model, data, recipe or "
        "seed); remove it or choose another folder");
  }
  return std::nullopt;
}

Checkpoint CheckpointFolder::read(graph::Index step, std::string& training) const {
  const fs::path path = file(step, ".json"), tensors = file(step, ".safetensors");
  auto content = core::from_json<CheckpointFile>(
      core::parse_json(core::read_text_file(path, kMostStateBytes), path.string()), path.string());
  const auto require = [&](bool holds, const fs::path& broken) {
    if (!holds) throw core::Failure(broken.string() + " does not have the hash that it should");
  };
  require(state_hash(content.state) == content.state_hash, path);
  require(core::sha256_file(tensors) == content.tensors_sha256, tensors);
  training = content.training;
  return {std::move(content.state), model::read_tensors(tensors).tensors};
}

void CheckpointFolder::clear() const {
  for (const graph::Index step : steps()) remove(step);
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    // Tensors whose JSON was never published, and temporary files of a killed process.
    if (name.starts_with(kPrefix) || name.starts_with(".tmp-")) fs::remove(entry.path(), ignored);
  }
  fs::remove(folder_, ignored);
}

std::vector<graph::Index> CheckpointFolder::steps() const {
  std::vector<graph::Index> found;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(".json")) continue;
    graph::Index step = 0;
    const char* first = name.data() + kPrefix.size();
    const char* last = name.data() + name.size() - 5;
    const auto [end, error] = std::from_chars(first, last, step);
    if (error == std::errc{} && end == last && step >= 0) found.push_back(step);
  }
  std::sort(found.rbegin(), found.rend());
  return found;
}

fs::path CheckpointFolder::file(graph::Index step, const char* extension) const {
  return folder_ / fmt::format("{}{:010}{}", kPrefix, step, extension);
}

void CheckpointFolder::remove(graph::Index step) const {
  std::error_code ignored;
  fs::remove(file(step, ".json"), ignored);  // first: tensors without it count for nothing
  fs::remove(file(step, ".safetensors"), ignored);
}

}  // namespace vitlab::train
