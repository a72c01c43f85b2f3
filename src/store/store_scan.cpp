#include <algorithm>
#include <atomic>
#include <future>
#include <iterator>
#include <thread>

#include "core/error.h"
#include "store/disk.h"
#include "store/store.h"

namespace vitlab::store {
namespace {

/// The stages of one of the at most 256 folders below stages/.
StoreScan scan_shard(const Store& store, const std::string& shard) {
  StoreScan result;
  const auto folder = store.folder() / "stages" / shard;
  try {
    if (!std::filesystem::is_directory(folder)) throw core::Failure("not a folder of stages");
    for (const std::string& id : list_folder(folder)) {
      if (!is_stage_id(id) || id.substr(0, 2) != shard) {
        result.problems.push_back({folder / id, "not the folder of a stage"});
        continue;
      }
      StageAttempts attempts = store.read_attempts(id);
      result.attempts += static_cast<std::int64_t>(attempts.records.size());
      if (const StageRecord* winner = attempts.winner()) result.records.push_back(*winner);
      std::move(attempts.problems.begin(), attempts.problems.end(),
                std::back_inserter(result.problems));
    }
  } catch (const std::runtime_error& error) {
    result.problems.push_back({folder, error.what()});
  }
  return result;
}

void append(StoreScan& all, StoreScan&& part) {
  std::move(part.records.begin(), part.records.end(), std::back_inserter(all.records));
  std::move(part.problems.begin(), part.problems.end(), std::back_inserter(all.problems));
  all.attempts += part.attempts;
}

}  // namespace

std::vector<std::string> Store::stages() const {
  std::vector<std::string> ids;
  for (const std::string& shard : list_folder(folder_ / "stages")) {
    for (std::string& id : list_folder(folder_ / "stages" / shard)) {
      if (is_stage_id(id) && id.substr(0, 2) == shard) ids.push_back(std::move(id));
    }
  }
  return ids;
}

StoreScan Store::scan(int threads) const {
  const auto shards = list_folder(folder_ / "stages");
  std::vector<StoreScan> parts(shards.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < shards.size(); i = next++)
      parts[i] = scan_shard(*this, shards[i]);
  };
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  const int count = threads > 0 ? threads : std::clamp(cores, 1, 8);
  std::vector<std::future<void>> others;
  for (int i = 1; i < count; ++i) others.push_back(std::async(std::launch::async, work));
  work();
  for (auto& other : others) other.get();
  StoreScan result;
  for (StoreScan& part : parts) append(result, std::move(part));
  return result;
}

}  // namespace vitlab::store
