#include "store/device_lock.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <thread>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::store {
namespace {

using Use = DeviceLock::Use;
using std::chrono::milliseconds;

/// Whether the lock can be had without waiting; tried in a thread that a released lock frees.
bool is_free(const TemporaryFolder& folder, const std::string& device, Use use) {
  bool waited = false;
  const pid_t child = fork();
  if (child == 0) {
    try {
      DeviceLock lock(
          device, use, [](const std::string&) { _exit(1); }, folder.path());
    } catch (...) {
      _exit(2);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) < 2);
  waited = WEXITSTATUS(status) == 1;
  return !waited;
}

TEST_CASE("shared users work side by side, timed work is alone on its device", "[device_lock]") {
  const TemporaryFolder folder;
  {
    const DeviceLock one("cpu", Use::kShared, {}, folder.path());
    CHECK(is_free(folder, "cpu", Use::kShared));
    CHECK_FALSE(is_free(folder, "cpu", Use::kExclusive));
    CHECK(is_free(folder, "cuda:0", Use::kExclusive));
  }
  {
    DeviceLock one("cpu", Use::kExclusive, {}, folder.path());
    CHECK_FALSE(is_free(folder, "cpu", Use::kShared));
    CHECK_FALSE(is_free(folder, "cpu", Use::kExclusive));
    const DeviceLock moved = std::move(one);
    CHECK_FALSE(is_free(folder, "cpu", Use::kShared));
  }
  CHECK(is_free(folder, "cpu", Use::kExclusive));
}

TEST_CASE("who waits is told once for what, and goes on when the lock is free", "[device_lock]") {
  const TemporaryFolder folder;
  std::optional<DeviceLock> held(std::in_place, "cpu", Use::kExclusive, DeviceLock::OnWait{},
                                 folder.path());
  std::atomic<int> told = 0;
  std::string words;
  std::atomic<bool> has_lock = false;
  std::thread waiting([&] {
    const DeviceLock lock(
        "cpu", Use::kShared,
        [&](const std::string& text) {
          words = text;
          ++told;
        },
        folder.path());
    has_lock = true;
  });
  while (told == 0) std::this_thread::sleep_for(milliseconds(1));
  std::this_thread::sleep_for(milliseconds(100));
  CHECK_FALSE(has_lock);
  held.reset();
  waiting.join();
  CHECK(has_lock);
  CHECK(told == 1);
  CHECK(words == "'cpu', on which process " + std::to_string(getpid()) + " is measuring");
}

TEST_CASE("later shared users queue behind who waits for exclusive use", "[device_lock]") {
  const TemporaryFolder folder;
  std::optional<DeviceLock> shared(std::in_place, "cpu", Use::kShared, DeviceLock::OnWait{},
                                   folder.path());
  std::atomic<bool> waits = false;
  std::thread exclusive([&] {
    const DeviceLock lock(
        "cpu", Use::kExclusive, [&](const std::string&) { waits = true; }, folder.path());
  });
  while (!waits) std::this_thread::sleep_for(milliseconds(1));
  CHECK_FALSE(is_free(folder, "cpu", Use::kShared));
  shared.reset();
  exclusive.join();
  CHECK(is_free(folder, "cpu", Use::kShared));
}

TEST_CASE("the lock of a killed process is free", "[device_lock]") {
  const TemporaryFolder folder;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const DeviceLock lock("cpu", Use::kExclusive, {}, folder.path());
    if (write(ends[1], "y", 1) != 1) _exit(1);
    while (true) pause();
  }
  char said = '?';
  REQUIRE(read(ends[0], &said, 1) == 1);
  close(ends[0]);
  close(ends[1]);
  CHECK_FALSE(is_free(folder, "cpu", Use::kShared));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(is_free(folder, "cpu", Use::kExclusive));
}

TEST_CASE("waiting for a lock ends with the user's interrupt", "[device_lock]") {
  const TemporaryFolder folder;
  const DeviceLock held("cpu", Use::kExclusive, {}, folder.path());
  const pid_t child = fork();
  if (child == 0) {
    core::install_interrupt_handlers();
    try {
      const DeviceLock lock(
          "cpu", Use::kShared, [](const std::string&) { raise(SIGTERM); }, folder.path());
    } catch (const core::Interrupted&) {
      _exit(0);
    } catch (...) {
    }
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("a device that cannot name a file is refused", "[device_lock]") {
  const TemporaryFolder folder;
  for (const char* device : {"", "../cpu", "a/b", ".x", "-x"}) {
    CHECK_THROWS_AS(DeviceLock(device, Use::kShared, {}, folder.path()), core::UserError);
  }
}

TEST_CASE("lock files stand in a folder that only we can write to", "[device_lock]") {
  const TemporaryFolder folder;
  const char* before = std::getenv("XDG_RUNTIME_DIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
  CHECK(device_lock_folder() == folder / "vitlab/locks");
  std::filesystem::permissions(folder / "vitlab", std::filesystem::perms::all);
  CHECK_THROWS_AS(device_lock_folder(), core::Failure);
  std::filesystem::remove_all(folder / "vitlab");
  std::filesystem::create_symlink("/tmp", folder / "vitlab");
  CHECK_THROWS_AS(device_lock_folder(), core::Failure);
  if (before == nullptr)
    unsetenv("XDG_RUNTIME_DIR");
  else
    setenv("XDG_RUNTIME_DIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace vitlab::store
