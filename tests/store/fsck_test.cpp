#include "store/fsck.h"

#include <chrono>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/hash.h"
#include "sample_records.h"
#include "store/claim.h"
#include "store/disk.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::store {
namespace {

struct CheckedStore {
  TemporaryFolder folder;
  Store store = Store::open_or_create(folder / "s");
  std::string id = store.put_spec(sample_spec(0));
  std::filesystem::path stage = store.stage_folder(id);

  CheckedStore() {
    store.put_plan(core::Json::array({1}));
    StagedFiles files = store.stage_files(id);
    overwrite(files.path() / "x", "content");
    store.publish(sample_record(id), files);
  }
  FsckReport report() const { return fsck(store, FsckAction::kReport); }
  FsckReport repair() const { return fsck(store, FsckAction::kRepair); }
};

/// A temporary's name as a process that is dead by now would have made it.
std::string tag_of_dead_process() {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string tag = new_writer_tag();
    _exit(write(ends[1], tag.data(), tag.size()) == static_cast<ssize_t>(tag.size()) ? 0 : 1);
  }
  waitpid(child, nullptr, 0);
  char tag[128];
  const ssize_t size = read(ends[0], tag, sizeof tag);
  close(ends[0]);
  close(ends[1]);
  REQUIRE(size > 0);
  return {tag, static_cast<std::size_t>(size)};
}

TEST_CASE("a good store is clean, also while others write", "[fsck]") {
  const CheckedStore checked;
  Claimant claimant(checked.store);
  const auto claim = claimant.try_claim(checked.id);
  const StagedFiles under_way = checked.store.stage_files(checked.id);
  const FsckReport report = checked.repair();
  CHECK(report.is_clean());
  CHECK(report.stages == 1);
  CHECK(report.attempts == 1);
  CHECK(std::filesystem::exists(under_way.path()));
  CHECK(claim->holds());
}

TEST_CASE("content that does not match its hash is found and put away", "[fsck]") {
  const CheckedStore checked;
  const auto record = checked.store.read_record(checked.id);
  overwrite(checked.stage / record->files[0].path, "CONTENT");  // the same size
  REQUIRE(checked.store.read_record(checked.id).has_value());
  const FsckReport report = checked.report();
  REQUIRE(report.problems.size() == 1);
  CHECK_THAT(report.problems[0].reason, Catch::Contains("does not match its SHA-256"));
  CHECK(checked.store.read_record(checked.id).has_value());  // a report changes nothing
  checked.repair();
  CHECK_FALSE(checked.store.read_record(checked.id).has_value());
  CHECK_FALSE(list_folder(checked.folder / "s/quarantine").empty());
  CHECK(checked.report().is_clean());
}

TEST_CASE("damaged records, specs and plans go to quarantine, never away", "[fsck]") {
  const CheckedStore checked;
  for (const auto& path : {checked.stage / "attempt-0001.json", checked.stage / "spec.json",
                           checked.folder / "s/plan" / (checked.store.plans()[0] + ".json")}) {
    std::string text = content_of(path);
    text.pop_back();
    overwrite(path, text);
  }
  const FsckReport report = checked.repair();
  CHECK(report.problems.size() == 3);
  CHECK(list_folder(checked.folder / "s/quarantine").size() == 6);  // each with its reason
  CHECK_FALSE(std::filesystem::exists(checked.stage / "attempt-0001.json"));
  CHECK(checked.store.put_spec(sample_spec(0)) == checked.id);
  CHECK_NOTHROW(checked.store.get_spec(checked.id));
}

TEST_CASE("what dead processes left is swept, what others may be writing is not", "[fsck]") {
  const CheckedStore checked;
  const std::string dead = tag_of_dead_process();
  overwrite(checked.stage / ("tmp-" + dead), "half a reco");
  overwrite(checked.folder / ("s/tmp-" + dead), "probe");
  std::filesystem::create_directories(checked.stage / ("files-" + dead));
  overwrite(checked.stage / ("files-" + dead) / "x", "orphan");
  const auto foreign = checked.stage / "tmp-00000000-1-1-0123456789abcdef";
  overwrite(foreign, "another machine's");
  const FsckReport report = checked.repair();
  CHECK(report.leftovers.size() == 2);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].reason == "files that no record names");
  CHECK(checked.report().is_clean());
  CHECK(std::filesystem::exists(foreign));
  std::filesystem::last_write_time(
      foreign, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  CHECK(checked.repair().leftovers == std::vector<std::filesystem::path>{foreign});
}

TEST_CASE("the claim of a dead process is swept with its heartbeat", "[fsck]") {
  const CheckedStore checked;
  const pid_t child = fork();
  if (child == 0) {
    Claimant claimant(checked.store);
    const auto claim = claimant.try_claim(checked.id);
    raise(SIGKILL);
  }
  waitpid(child, nullptr, 0);
  CHECK(checked.repair().leftovers.size() == 2);
  CHECK(checked.report().is_clean());
}

TEST_CASE("a record of a newer program is named and left with its files", "[fsck]") {
  const CheckedStore checked;
  const core::Json json =
      core::with_schema(2, core::to_json(*checked.store.read_record(checked.id)));
  std::string text = json.dump() + "\n";
  char line[32];
  std::snprintf(line, sizeof line, "crc32c %08x\n", core::crc32c(text));
  overwrite(checked.stage / "attempt-0001.json", text + line);
  const FsckReport report = checked.repair();
  REQUIRE(report.problems.size() == 1);
  CHECK_FALSE(report.problems[0].is_damaged);
  CHECK_THAT(report.problems[0].reason, Catch::Contains("newer"));
  CHECK(std::filesystem::exists(checked.stage / "attempt-0001.json"));
}

TEST_CASE("strangers are named and left alone, duplicates are counted", "[fsck]") {
  const CheckedStore checked;
  checked.store.publish(sample_record(checked.id));
  overwrite(checked.stage / "notes.txt", "mine");
  const FsckReport report = checked.repair();
  CHECK(report.duplicates == 1);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].path == checked.stage / "notes.txt");
  CHECK(std::filesystem::exists(checked.stage / "notes.txt"));
}

}  // namespace
}  // namespace vitlab::store
