// Kills, or fails, a program that publishes a record at every one of its system calls.
#include <csignal>
#include <cstdlib>
#include <map>
#include <sstream>

#include <sys/wait.h>

#include "core/error.h"
#include "core/hash.h"
#include "sample_records.h"
#include "store/disk.h"
#include "store/fsck.h"
#include "test.hpp"

namespace vitlab::store {
namespace {

constexpr const char* kProbe = VITLAB_BUILD_DIR "/tests/store_publish_probe";

/// Exit code of a shell command; 128 + signal for a killed one.
int shell(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The leak check of a sanitized build does not work under ptrace.
int trace_probe(const std::string& options, const std::filesystem::path& store,
                const std::filesystem::path& errors = "/dev/null") {
  return shell("ASAN_OPTIONS=detect_leaks=0 strace " + options + " " + kProbe + " " +
               store.string() + " 2>" + errors.string());
}

bool can_trace() {
  if (shell("strace -o /dev/null true >/dev/null 2>&1") == 0) return true;
  WARN("SKIPPED 1 test: strace is not installed or ptrace is not allowed here");
  return false;
}

struct Calls {
  int before = 0;  // by the loader, before the store is touched
  int all = 0;
};

/// How often the probe makes each system call.
std::map<std::string, Calls> count_calls(const MemoryFolder& folder) {
  REQUIRE(trace_probe("-o " + (folder / "log").string(), folder / "counted") == 0);
  std::istringstream log(content_of(folder / "log"));
  std::map<std::string, Calls> calls;
  bool has_begun = false;
  for (std::string line; std::getline(log, line);) {
    const std::string name = line.substr(0, line.find('('));
    if (name != "execve" && line.find("counted") != line.npos) has_begun = true;
    ++calls[name].all;
    if (!has_begun) ++calls[name].before;
  }
  REQUIRE(has_begun);
  return calls;
}

std::string id_of_probe() { return core::identity(core::canonical_json(sample_spec(0))); }

/// Everything below a folder that is named like something unfinished or without a record.
int leftovers(const std::filesystem::path& store) {
  int count = 0;
  std::error_code missing;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(store, missing)) {
    const std::string name = entry.path().filename().string();
    count += name.rfind(kTemporaryPrefix, 0) == 0 || name.rfind(kFilesPrefix, 0) == 0 ? 1 : 0;
  }
  return count;
}

/// What must hold whenever the probe was killed: nothing or a whole record; and the same command
/// again completes it and leaves a clean store.
void check_after_kill(const std::filesystem::path& folder) {
  const std::string id = id_of_probe();
  bool was_published = false;
  if (std::filesystem::exists(folder / "store.json")) {
    const StageAttempts attempts = Store::open(folder).read_attempts(id);
    CHECK(attempts.problems.empty());
    was_published = attempts.winner() != nullptr;
  }
  REQUIRE(shell(std::string(kProbe) + " " + folder.string()) == 0);
  const Store store = Store::open(folder);
  fsck(store, FsckAction::kRepair);
  const FsckReport report = fsck(store, FsckAction::kReport);
  CHECK(report.is_clean());
  CHECK(report.attempts == (was_published ? 2 : 1));
  const auto record = store.read_record(id);
  REQUIRE(record.has_value());
  CHECK(content_of(store.stage_folder(id) / record->files.at(0).path) == "weights");
}

TEST_CASE("a kill at any system call leaves a record absent or whole", "[crash]") {
  if (!can_trace()) return;
  const MemoryFolder folder;
  const auto calls = count_calls(folder);
  int kills = 0;
  // Only these change what is on disk; between two of them every kill looks the same.
  for (const char* call : {"openat", "mkdir", "write", "fsync", "link", "rename", "unlink"}) {
    REQUIRE(calls.count(call) == 1);
    for (int n = calls.at(call).before + 1;; ++n) {
      const auto store = folder / (std::string(call) + std::to_string(n));
      INFO("killed at " << call << " number " << n);
      const int code = trace_probe(
          "-o /dev/null -e inject=" + std::string(call) + ":signal=KILL:when=" + std::to_string(n),
          store);
      if (code == 0) {
        CHECK(n == calls.at(call).all + 1);
        break;
      }
      REQUIRE(code == 128 + SIGKILL);
      ++kills;
      check_after_kill(store);
      std::filesystem::remove_all(store);
    }
  }
  CHECK(kills > 40);
}

void check_after_error(const std::filesystem::path& folder, const std::string& call, int code,
                       const std::string& message) {
  const std::string id = id_of_probe();
  if (code == 0) {
    // What may fail unseen: removing temporaries (tried twice) and looking things up.
    const bool must_be_seen =
        call == "write" || call == "fsync" || call == "link" || call == "rename" || call == "mkdir";
    CHECK_FALSE(must_be_seen);
    const FsckReport report = fsck(Store::open(folder), FsckAction::kReport);
    CHECK(report.problems.empty());
    CHECK(report.attempts == 1);
    CHECK(leftovers(folder) == 1);  // the files of the record
    return;
  }
  CHECK(code == 1);
  CHECK_FALSE(message.empty());
  CHECK(leftovers(folder) == 0);
  if (!std::filesystem::exists(folder / "store.json")) return;
  const StageAttempts attempts = Store::open(folder).read_attempts(id);
  CHECK(attempts.records.empty());
  CHECK(attempts.problems.empty());  // not even a record that would be found wanting
}

TEST_CASE("an I/O error at any system call is a Failure that leaves nothing behind", "[crash]") {
  if (!can_trace()) return;
  const MemoryFolder folder;
  const auto calls = count_calls(folder);
  int errors = 0;
  const auto inject = [&](const std::string& call, const std::string& error) {
    REQUIRE(calls.count(call) == 1);
    for (int n = calls.at(call).before + 1; n <= calls.at(call).all; ++n) {
      const auto store = folder / (call + std::to_string(n));
      const auto words = folder / "words";
      const int code = trace_probe(
          "-o /dev/null -e inject=" + call + ":error=" + error + ":when=" + std::to_string(n),
          store, words);
      INFO(error << " at " << call << " number " << n << ": exit code " << code << ", "
                 << content_of(words));
      check_after_error(store, call, code, content_of(words));
      ++errors;
      std::filesystem::remove_all(store);
    }
  };
  for (const char* call : {"openat", "mkdir", "write", "fsync", "close", "link", "rename", "unlink",
                           "read", "getdents64", "newfstatat"}) {
    inject(call, "EIO");
  }
  for (const char* call : {"mkdir", "write", "fsync", "link", "rename"}) inject(call, "ENOSPC");
  CHECK(errors > 80);
}

}  // namespace
}  // namespace vitlab::store
