#include "store/disk.h"

#include <atomic>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "core/files.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::store {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) { return read_regular_file(path).value_or("nothing"); }

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST_CASE("of many publishers of one path exactly one wins") {
  const TemporaryFolder folder;
  for (int round = 0; round < 10; ++round) {
    const fs::path path = folder / std::to_string(round) / "record";
    core::make_folders(path.parent_path());
    std::atomic<int> winners = 0, winner = -1;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        if (!publish_text(path, "by " + std::to_string(t))) return;
        ++winners;
        winner = t;
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(winners == 1);
    CHECK(content(path) == "by " + std::to_string(winner));
    CHECK(entries(path.parent_path()) == 1);
  }
}

TEST_CASE("a published file is never replaced, nor a dangling link followed") {
  const TemporaryFolder folder;
  CHECK(publish_text(folder / "record", "one"));
  CHECK_FALSE(publish_text(folder / "record", "two"));
  CHECK(content(folder / "record") == "one");
  fs::create_symlink(folder / "elsewhere", folder / "link");
  CHECK_FALSE(publish_text(folder / "link", "three"));
  CHECK_FALSE(fs::exists(folder / "elsewhere"));
  CHECK(entries(folder.path()) == 2);
}

}  // namespace
}  // namespace vitlab::store
