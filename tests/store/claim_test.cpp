#include "store/claim.h"

#include <csignal>
#include <functional>
#include <set>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/random.h"
#include "sample_records.h"
#include "store/disk.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::store {
namespace {

using std::chrono::milliseconds;

/// Runs `work` in a child process that ends with its result as exit code.
pid_t in_child(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  int code = 99;
  try {
    code = work();
  } catch (...) {
  }
  _exit(code);
}

int exit_code(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A child that claims `id`, says so by a byte, and waits to be killed.
struct Holder {
  pid_t pid;
  Holder(const Store& store, const std::string& id) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid = in_child([&] {
      Claimant claimant(store);
      const auto claim = claimant.try_claim(id);
      const char said = claim ? 'y' : 'n';
      if (write(ends[1], &said, 1) != 1) return 1;
      while (true) pause();
    });
    char said = '?';
    REQUIRE(read(ends[0], &said, 1) == 1);
    REQUIRE(said == 'y');
    close(ends[0]);
    close(ends[1]);
  }
  void kill_now() const {
    kill(pid, SIGKILL);
    exit_code(pid);
  }
};

/// Rewrites the claim of a stage as if another machine had made it.
void make_foreign(const Store& store, const std::string& id) {
  const auto path = store.stage_folder(id) / "claim";
  core::Json claim = core::parse_json(content_of(path), "claim");
  claim["host"] = "elsewhere";
  overwrite(path, core::dump_json(claim));
}

TEST_CASE("a claim keeps others out until it is released", "[claim]") {
  const TemporaryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  const std::string id = store.put_spec(sample_spec(0));
  Claimant one(store);
  Claimant two(store);
  {
    auto claim = one.try_claim(id);
    REQUIRE(claim.has_value());
    CHECK(claim->holds());
    CHECK_FALSE(claim->predecessor().has_value());
    CHECK(claim_holder(store.stage_folder(id)) == this_process());
    CHECK_FALSE(two.try_claim(id).has_value());
    CHECK_FALSE(one.try_claim(id).has_value());
    Claim moved = std::move(*claim);
    CHECK(moved.holds());
    CHECK_FALSE(claim->holds());
    CHECK_FALSE(two.try_claim(id).has_value());
  }
  auto again = two.try_claim(id);
  REQUIRE(again.has_value());
  again->release();
  CHECK_FALSE(again->holds());
  CHECK(list_folder(store.stage_folder(id)) == std::vector<std::string>{"spec.json"});
}

TEST_CASE("two processes do each of 500 stages exactly once", "[claim]") {
  const MemoryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  std::vector<std::string> ids;
  for (int i = 0; i < 500; ++i) ids.push_back(core::identity(std::to_string(i)));
  const auto drain = [&](std::uint64_t seed) {
    Claimant claimant(store);
    for (const std::int64_t i : core::Random(seed).permutation(500)) {
      const std::string& id = ids[static_cast<std::size_t>(i)];
      auto claim = claimant.try_claim(id);
      if (!claim || store.read_record(id)) continue;
      if (!store.publish(sample_record(id)).wins) return 1;
    }
    return 0;
  };
  // The same order in both, so that they meet at every stage.
  const pid_t one = in_child([&] { return drain(1); });
  const pid_t two = in_child([&] { return drain(1); });
  CHECK(exit_code(one) == 0);
  CHECK(exit_code(two) == 0);
  const StoreScan scan = store.scan();
  CHECK(scan.records.size() == 500);
  CHECK(scan.attempts == 500);
  CHECK(scan.problems.empty());
}

TEST_CASE("the claim of a killed process is taken over at once", "[claim]") {
  const TemporaryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  const std::string id = store.put_spec(sample_spec(0));
  const Holder holder(store, id);
  Claimant claimant(store);
  CHECK_FALSE(claimant.try_claim(id).has_value());
  holder.kill_now();
  const auto claim = claimant.try_claim(id);
  REQUIRE(claim.has_value());
  REQUIRE(claim->predecessor().has_value());
  CHECK(claim->predecessor()->pid == holder.pid);
  CHECK(claim->holds());
  CHECK(list_folder(store.stage_folder(id)).size() == 3);  // claim, its heartbeat, spec
}

TEST_CASE("a dead claim has one heir, however many take over at once", "[claim]") {
  const TemporaryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  constexpr int kStages = 60;
  std::vector<std::string> ids;
  for (int i = 0; i < kStages; ++i) ids.push_back(core::identity(std::to_string(i)));
  const pid_t dying = in_child([&] {
    Claimant claimant(store);
    std::vector<Claim> claims;
    for (const std::string& id : ids) claims.push_back(*claimant.try_claim(id));
    raise(SIGKILL);
    return 0;
  });
  exit_code(dying);
  const auto inherit = [&] {
    Claimant claimant(store);
    std::vector<Claim> claims;
    for (const std::string& id : ids) {
      if (auto claim = claimant.try_claim(id)) claims.push_back(std::move(*claim));
    }
    // Held until everybody has tried, so that a release cannot look like a second heir.
    overwrite(folder / ("ready-" + std::to_string(getpid())), "");
    while (!std::filesystem::exists(folder / "go")) std::this_thread::sleep_for(milliseconds(1));
    return static_cast<int>(claims.size());
  };
  std::vector<pid_t> heirs;
  for (int i = 0; i < 4; ++i) heirs.push_back(in_child(inherit));
  for (const pid_t heir : heirs) {
    while (!std::filesystem::exists(folder / ("ready-" + std::to_string(heir)))) {
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  overwrite(folder / "go", "");
  int inherited = 0;
  for (const pid_t heir : heirs) inherited += exit_code(heir);
  CHECK(inherited == kStages);
}

TEST_CASE("a foreign claim that gives no sign of life is taken after the lease, not before",
          "[claim]") {
  const TemporaryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  const std::string id = store.put_spec(sample_spec(0));
  Holder(store, id).kill_now();
  make_foreign(store, id);
  Claimant claimant(store, milliseconds(300));
  const auto start = std::chrono::steady_clock::now();
  std::optional<Claim> claim;
  while (!(claim = claimant.try_claim(id))) std::this_thread::sleep_for(milliseconds(5));
  CHECK(std::chrono::steady_clock::now() - start >= milliseconds(300));
  CHECK(claim->predecessor()->host == "elsewhere");
}

TEST_CASE("a foreign claim whose heart beats is left alone", "[claim]") {
  const TemporaryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  const std::string id = store.put_spec(sample_spec(0));
  Claimant living(store, milliseconds(120));  // beats every 20 ms
  const auto held = living.try_claim(id);
  make_foreign(store, id);
  Claimant other(store, milliseconds(1500));
  const auto start = std::chrono::steady_clock::now();
  bool is_taken = false;
  while (std::chrono::steady_clock::now() - start < milliseconds(2200)) {
    is_taken = is_taken || other.try_claim(id).has_value();
    std::this_thread::sleep_for(milliseconds(50));
  }
  CHECK_FALSE(is_taken);
}

TEST_CASE("a claim cut off while it was written is taken after the lease", "[claim]") {
  const TemporaryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  for (const char* text : {"", "{\"nonce\":", "[]", "{\"nonce\":\"../../x\"}"}) {
    const std::string id = core::identity(text);
    std::filesystem::create_directories(store.stage_folder(id));
    overwrite(store.stage_folder(id) / "claim", text);
    Claimant claimant(store, milliseconds(60));
    CHECK_FALSE(claimant.try_claim(id).has_value());
    std::this_thread::sleep_for(milliseconds(80));
    CHECK(claimant.try_claim(id).has_value());
  }
}

TEST_CASE("a worker that was taken for dead loses its claim, but its late result is kept",
          "[claim]") {
  const TemporaryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  const std::string id = store.put_spec(sample_spec(0));
  Claimant slow(store);  // beats every 10 s, far too slow for the other's lease
  auto lost = slow.try_claim(id);
  REQUIRE(lost.has_value());
  Claimant other(store, milliseconds(60));
  CHECK_FALSE(other.try_claim(id).has_value());
  std::this_thread::sleep_for(milliseconds(80));
  const auto taken = other.try_claim(id);
  REQUIRE(taken.has_value());
  CHECK_FALSE(lost->holds());
  CHECK(store.publish(sample_record(id)).wins);
  CHECK_FALSE(store.publish(sample_record(id)).wins);
  CHECK(store.read_attempts(id).records.size() == 2);
  lost->release();
  CHECK(taken->holds());  // the revenant does not take the heir's claim away
}

TEST_CASE("a process is told from another one with its number, and from a zombie", "[claim]") {
  ProcessIdentity self = this_process();
  CHECK(liveness(self) == Liveness::kAlive);
  self.start_ticks += 1;
  CHECK(liveness(self) == Liveness::kDead);
  self = this_process();
  self.boot_id = "another boot";
  CHECK(liveness(self) == Liveness::kUnknown);
  CHECK(writer_liveness(new_writer_tag()) == Liveness::kAlive);
  CHECK(writer_liveness("") == Liveness::kUnknown);
  CHECK(writer_liveness("00000000-1-2-3") == Liveness::kUnknown);
  const pid_t zombie = in_child([] {
    pause();
    return 0;
  });
  ProcessIdentity child = this_process();
  child.pid = zombie;
  child.start_ticks = 0;
  kill(zombie, SIGKILL);
  siginfo_t ended;
  waitid(P_PID, static_cast<id_t>(zombie), &ended, WEXITED | WNOWAIT);
  CHECK(liveness(child) == Liveness::kDead);
  exit_code(zombie);
}

}  // namespace
}  // namespace vitlab::store
