#include "store/store.h"

#include <set>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/hash.h"
#include "sample_records.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::store {
namespace {

struct NewStore {
  TemporaryFolder folder;
  Store store = Store::open_or_create(folder / "results");
  std::string id = store.put_spec(sample_spec(0));

  StageRecord record(StageState state, const std::string& reason = "") const {
    StageRecord result = sample_record(id);
    result.metrics.pop_back();  // NaN is not equal to itself
    result.state = state;
    result.reason = reason;
    return result;
  }
};

std::filesystem::path attempt_path(const NewStore& fresh, std::int64_t attempt) {
  return fresh.store.stage_folder(fresh.id) / attempt_file_name(attempt);
}

TEST_CASE("a missing or empty folder becomes a store, which opens again", "[store]") {
  const TemporaryFolder folder;
  CHECK_NOTHROW(Store::open_or_create(folder / "a/b/c"));
  CHECK_NOTHROW(Store::open_or_create(folder / "a/b/c"));
  CHECK_NOTHROW(Store::open(folder / "a/b/c"));
  std::filesystem::create_directory(folder / "empty");
  CHECK_NOTHROW(Store::open_or_create(folder / "empty"));
}

TEST_CASE("a folder of something else is refused and left alone", "[store]") {
  const TemporaryFolder folder;
  overwrite(folder / "thesis.tex", "precious");
  CHECK_THROWS_AS(Store::open_or_create(folder.path()), core::UserError);
  CHECK_THROWS_WITH(Store::open_or_create(folder.path()), Catch::Contains("neither empty nor"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  CHECK_THROWS_WITH(Store::open(folder.path()), Catch::Contains("not a vitlab store"));
}

TEST_CASE("a store of a newer or unknown schema is refused", "[store]") {
  const TemporaryFolder folder;
  for (const char* text : {R"({"schema":2})", R"({"schema":"1"})", "[]", "", "{}"}) {
    overwrite(folder / "store.json", text);
    INFO(text);
    CHECK_THROWS_AS(Store::open(folder.path()), core::UserError);
    CHECK_THROWS_AS(Store::open_or_create(folder.path()), core::UserError);
  }
}

TEST_CASE("a folder that cannot be written to fails before the first trial", "[store]") {
  const TemporaryFolder folder;
  overwrite(folder / "file", "");
  CHECK_THROWS_AS(Store::open_or_create(folder / "file"), core::Failure);
  if (geteuid() != 0) return;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  Store::open_or_create(folder / "results");
  const pid_t child = fork();
  if (child == 0) {  // root may write anywhere, so somebody else tries
    int code = 1;
    if (setgid(65534) == 0 && setuid(65534) == 0) {
      try {
        Store::open_or_create(folder / "results");
      } catch (const core::Failure& failure) {
        const std::string words = failure.what();
        code =
            words.find("Permission denied") != words.npos && words.find("free space") != words.npos
                ? 0
                : 2;
      }
    }
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("plans and specs are named by their content and read back", "[store]") {
  const NewStore fresh;
  const core::Json plan{{"trials", {"b", "a"}}, {"x", 1.5}};
  const std::string hash = fresh.store.put_plan(plan);
  CHECK(fresh.store.put_plan(core::Json{{"x", 1.5}, {"trials", {"b", "a"}}}) == hash);
  CHECK(core::canonical_json(fresh.store.get_plan(hash)) == core::canonical_json(plan));
  CHECK(fresh.store.plans() == std::vector<std::string>{hash});
  CHECK_THROWS_AS(fresh.store.get_plan(std::string(32, '0')), core::UserError);
  CHECK_THROWS_AS(fresh.store.get_plan("../store"), core::UserError);
  CHECK(fresh.id == core::identity(core::canonical_json(sample_spec(0))));
  CHECK(core::canonical_json(fresh.store.get_spec(fresh.id)) ==
        core::canonical_json(sample_spec(0)));
  overwrite(fresh.folder / "results/plan" / (hash + ".json"), "{}");
  CHECK_THROWS_WITH(fresh.store.get_plan(hash), Catch::Contains("does not hash"));
}

TEST_CASE("a published record reads back with its files", "[store]") {
  const NewStore fresh;
  CHECK_FALSE(fresh.store.read_record(fresh.id).has_value());
  StagedFiles files = fresh.store.stage_files(fresh.id);
  overwrite(files.path() / "model.safetensors", "weights");
  std::filesystem::create_directory(files.path() / "logs");
  overwrite(files.path() / "logs/events", "");
  const Published published = fresh.store.publish(fresh.record(StageState::kDone), files);
  CHECK(published.attempt == 1);
  CHECK(published.wins);
  const auto record = fresh.store.read_record(fresh.id);
  REQUIRE(record.has_value());
  REQUIRE(record->files.size() == 2);
  CHECK(record->files[0].name == "logs/events");
  CHECK(record->files[1].size == 7);
  CHECK(record->files[1].sha256 == core::sha256("weights"));
  CHECK(content_of(fresh.store.stage_folder(fresh.id) / record->files[1].path) == "weights");
}

TEST_CASE("files that were staged and not published go away", "[store]") {
  const NewStore fresh;
  std::filesystem::path staged;
  {
    const StagedFiles files = fresh.store.stage_files(fresh.id);
    staged = files.path();
    overwrite(staged / "x", "x");
  }
  CHECK_FALSE(std::filesystem::exists(staged));
  StagedFiles files = fresh.store.stage_files(fresh.id);
  std::filesystem::create_symlink("/etc/passwd", files.path() / "link");
  CHECK_THROWS_AS(fresh.store.publish(fresh.record(StageState::kDone), files), core::Failure);
  CHECK_FALSE(fresh.store.read_record(fresh.id).has_value());
}

TEST_CASE("the first final attempt wins, later ones are kept, early failures do not count",
          "[store]") {
  const NewStore fresh;
  const auto publish = [&](StageState state, const std::string& reason) {
    return fresh.store.publish(fresh.record(state, reason)).wins;
  };
  CHECK_FALSE(publish(StageState::kLost, "a"));
  CHECK_FALSE(publish(StageState::kFailed, "b"));
  CHECK(fresh.store.read_record(fresh.id)->reason == "b");
  CHECK(publish(StageState::kDiverged, "c"));
  CHECK_FALSE(publish(StageState::kDone, "d"));
  CHECK_FALSE(publish(StageState::kInterrupted, "e"));
  CHECK(fresh.store.read_record(fresh.id)->reason == "c");
  CHECK(fresh.store.read_attempts(fresh.id).records.size() == 5);
}

TEST_CASE("checkpoints go when a result is published, and only then", "[store]") {
  const NewStore fresh;
  const auto checkpoints = fresh.store.stage_folder(fresh.id) / "ckpt";
  std::filesystem::create_directories(checkpoints / "7");
  fresh.store.publish(fresh.record(StageState::kInterrupted));
  CHECK(std::filesystem::exists(checkpoints));
  fresh.store.publish(fresh.record(StageState::kDone));
  CHECK_FALSE(std::filesystem::exists(checkpoints));
}

TEST_CASE("a damaged record is named, counts as not done, and loses nothing else", "[store]") {
  const NewStore fresh;
  fresh.store.publish(fresh.record(StageState::kDone, "damaged later"));
  const std::string other = fresh.store.put_spec(sample_spec(1));
  fresh.store.publish(sample_record(other));
  std::string text = content_of(attempt_path(fresh, 1));
  text[text.size() / 2] ^= 1;
  overwrite(attempt_path(fresh, 1), text);
  CHECK_FALSE(fresh.store.read_record(fresh.id).has_value());
  const StoreScan scan = fresh.store.scan();
  REQUIRE(scan.problems.size() == 1);
  CHECK(scan.problems[0].path == attempt_path(fresh, 1));
  CHECK(scan.problems[0].is_damaged);
  REQUIRE(scan.records.size() == 1);
  CHECK(scan.records[0].id == other);
  CHECK(fresh.store.publish(fresh.record(StageState::kDone, "again")).wins);
  CHECK(fresh.store.read_record(fresh.id)->reason == "again");
}

TEST_CASE("a record under a wrong name or with missing files does not count", "[store]") {
  const NewStore fresh;
  StagedFiles files = fresh.store.stage_files(fresh.id);
  overwrite(files.path() / "x", "content");
  fresh.store.publish(fresh.record(StageState::kDone), files);
  const std::string other = fresh.store.put_spec(sample_spec(1));
  std::filesystem::copy_file(attempt_path(fresh, 1),
                             fresh.store.stage_folder(other) / attempt_file_name(1));
  std::filesystem::copy_file(attempt_path(fresh, 1), attempt_path(fresh, 2));
  const StoreScan scan = fresh.store.scan();
  CHECK(scan.records.size() == 1);
  REQUIRE(scan.problems.size() == 2);
  const auto path = fresh.store.read_record(fresh.id)->files[0].path;
  overwrite(fresh.store.stage_folder(fresh.id) / path, "cut");
  CHECK_FALSE(fresh.store.read_record(fresh.id).has_value());
}

TEST_CASE("a scan survives pipes, links, folders and strangers in a store", "[store]") {
  const NewStore fresh;
  fresh.store.publish(fresh.record(StageState::kDone));
  const std::string other = fresh.store.put_spec(sample_spec(1));
  REQUIRE(mkfifo((fresh.store.stage_folder(other) / "attempt-0001.json").c_str(), 0600) == 0);
  std::filesystem::create_symlink(attempt_path(fresh, 1),
                                  fresh.store.stage_folder(other) / "attempt-0002.json");
  std::filesystem::create_directory(fresh.store.stage_folder(other) / "attempt-0003.json");
  overwrite(fresh.folder / "results/stages/stray", "x");
  std::filesystem::create_directories(fresh.folder / "results/stages/zz/not-an-id");
  const StoreScan scan = fresh.store.scan();
  CHECK(scan.records.size() == 1);
  CHECK(scan.problems.size() == 5);
}

TEST_CASE("quarantine moves a file and says why", "[store]") {
  const NewStore fresh;
  fresh.store.publish(fresh.record(StageState::kDone));
  const auto target = fresh.store.quarantine(attempt_path(fresh, 1), "checksum");
  CHECK_FALSE(std::filesystem::exists(attempt_path(fresh, 1)));
  CHECK(std::filesystem::exists(target));
  CHECK(content_of(target.string() + ".reason") == "checksum\n");
}

TEST_CASE("of many processes that publish one stage at once, one wins and all are kept",
          "[store]") {
  const NewStore fresh;
  constexpr int kProcesses = 6;
  constexpr int kEach = 5;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    if (child == 0) {
      int wins = 0;
      for (int i = 0; i < kEach; ++i) {
        StagedFiles files = fresh.store.stage_files(fresh.id);
        overwrite(files.path() / "x", std::to_string(process));
        wins += fresh.store.publish(fresh.record(StageState::kDone), files).wins ? 1 : 0;
      }
      _exit(wins);
    }
    children.push_back(child);
  }
  int wins = 0;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    wins += WEXITSTATUS(status);
  }
  CHECK(wins == 1);
  const StageAttempts attempts = fresh.store.read_attempts(fresh.id);
  CHECK(attempts.problems.empty());
  CHECK(attempts.records.size() == kProcesses * kEach);
  CHECK(attempts.winner()->attempt == 1);
}

TEST_CASE("a scan is the same for any number of threads and ordered by id", "[store]") {
  const MemoryFolder folder;
  const Store store = Store::open_or_create(folder / "s");
  std::set<std::string> ids;
  for (int i = 0; i < 300; ++i) {
    StageRecord record = sample_record(core::identity(std::to_string(i)));
    record.metrics.pop_back();  // NaN is not equal to itself
    store.publish(record);
    ids.insert(record.id);
  }
  const StoreScan one = store.scan(1);
  CHECK(one.records == store.scan(7).records);
  REQUIRE(one.records.size() == ids.size());
  CHECK(
      std::equal(ids.begin(), ids.end(), one.records.begin(),
                 [](const std::string& id, const StageRecord& record) { return id == record.id; }));
  CHECK(store.stages() == std::vector<std::string>(ids.begin(), ids.end()));
}

TEST_CASE("names of attempts are exact", "[store]") {
  CHECK(attempt_number("attempt-0001.json") == 1);
  CHECK(attempt_number("attempt-12345.json") == 12345);
  for (const char* name :
       {"attempt-1.json", "attempt-0000.json", "attempt-00001.json", "attempt-0001",
        "attempt-0001.json~", "attempt--001.json", "attempt-.json", ""}) {
    CHECK_FALSE(attempt_number(name).has_value());
  }
}

}  // namespace
}  // namespace vitlab::store
