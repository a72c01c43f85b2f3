#include "store/fsck.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>

#include "core/error.h"
#include "core/hash.h"
#include "store/claim.h"
#include "store/disk.h"
#include "store/process_identity.h"

namespace vitlab::store {
namespace {

using FileTime = std::filesystem::file_time_type;

constexpr auto kForeignLeftoverAge = std::chrono::hours(24);

bool starts_with(std::string_view name, std::string_view prefix) {
  return name.substr(0, prefix.size()) == prefix;
}

/// What stands before the writer tag: of this store, and of core's atomic writes.
bool is_temporary(std::string_view name) {
  return starts_with(name, kTemporaryPrefix) || starts_with(name, ".tmp-");
}

/// The file server's clock, which may differ from ours, as the time of a file written now.
FileTime file_system_now(const std::filesystem::path& folder) {
  try {
    const RemovedUnlessKept probe(folder / (std::string(kTemporaryPrefix) + new_writer_tag()));
    create_exclusively(probe.path(), "");
    return std::filesystem::last_write_time(probe.path());
  } catch (const std::runtime_error&) {
    return FileTime::clock::now();  // read-only: nothing will be removed anyway
  }
}

class Check {
 public:
  Check(const Store& store, FsckAction action)
      : store_(store),
        repairs_(action == FsckAction::kRepair),
        now_(repairs_ ? file_system_now(store.folder()) : FileTime::clock::now()) {}

  FsckReport run() {
    sweep_temporaries(store_.folder());
    sweep_temporaries(store_.views());
    check_plans();
    const auto stages = store_.folder() / "stages";
    for (const std::string& shard : list_folder(stages)) {
      for (const std::string& name : list_folder(stages / shard)) {
        if (is_stage_id(name) && starts_with(name, shard))
          check_stage(name);
        else
          found({stages / shard / name, "not the folder of a stage"});
      }
    }
    return std::move(report_);
  }

 private:
  void found(StoreProblem problem) {
    if (problem.is_damaged && repairs_) store_.quarantine(problem.path, problem.reason);
    report_.problems.push_back(std::move(problem));
  }

  void found_leftover(const std::filesystem::path& path) {
    if (repairs_) const RemovedUnlessKept removed(path);
    report_.leftovers.push_back(path);
  }

  /// Runs a check that throws UserError for damage and Failure for what cannot be read now.
  template <typename Checked>
  void examine(const std::filesystem::path& path, const Checked& checked) {
    try {
      checked();
    } catch (const core::UserError& error) {
      found({path, error.what(), true});
    } catch (const core::Failure& error) {
      found({path, error.what()});
    }
  }

  bool is_old(const std::filesystem::path& path) const {
    std::error_code error;
    const auto written = std::filesystem::last_write_time(path, error);
    return !error && now_ - written > kForeignLeftoverAge;
  }

  bool writer_is_gone(const std::filesystem::path& path, bool is_claimed) const {
    const std::string name = path.filename().string();
    const Liveness writer = writer_liveness(std::string_view(name).substr(name.find('-') + 1));
    if (writer == Liveness::kUnknown) return !is_claimed && is_old(path);
    return writer == Liveness::kDead;
  }

  void sweep_temporaries(const std::filesystem::path& folder) {
    for (const std::string& name : list_folder(folder)) {
      if (is_temporary(name) && writer_is_gone(folder / name, false)) found_leftover(folder / name);
    }
  }

  void check_plans() {
    sweep_temporaries(store_.folder() / "plan");
    for (const std::string& hash : store_.plans()) {
      const auto path = store_.folder() / "plan" / (hash + ".json");
      examine(path, [&] { store_.get_plan(hash); });
    }
  }

  void check_stage(const std::string& id) {
    ++report_.stages;
    const auto folder = store_.stage_folder(id);
    const auto names = list_folder(folder);
    const bool is_claimed = check_claim(folder, names);
    // Whether a writer is gone is asked before the records are read: what it published is then
    // certainly among them, and its files are not mistaken for left over.
    std::vector<std::string> abandoned_files;
    for (const std::string& name : names) {
      if (is_temporary(name)) {
        if (writer_is_gone(folder / name, is_claimed)) found_leftover(folder / name);
      } else if (starts_with(name, kFilesPrefix)) {
        if (writer_is_gone(folder / name, is_claimed)) abandoned_files.push_back(name);
      } else if (name == "spec.json") {
        examine(folder / name, [&] { store_.get_spec(id); });
      } else if (!is_known(name)) {
        found({folder / name, "not a file of a store"});
      }
    }
    check_attempts(id, abandoned_files);
  }

  static bool is_known(const std::string& name) {
    return name == "claim" || name == "ckpt" || attempt_number(name) || starts_with(name, "hb.") ||
           starts_with(name, "claim.stale.");
  }

  /// Whether a living or unknown process claims the stage.
  bool check_claim(const std::filesystem::path& folder, const std::vector<std::string>& names) {
    const auto path = folder / "claim";
    const auto text = read_regular_file(path);
    const auto holder = claim_holder(folder);
    const bool is_dead = holder && liveness(*holder) == Liveness::kDead;
    if (is_dead) found_leftover(path);
    for (const std::string& name : names) {
      const bool is_beat = starts_with(name, "hb.");
      const bool is_beat_of_claim =
          is_beat && text && text->find(name.substr(3)) != std::string::npos;
      if ((is_beat && (is_dead || !is_beat_of_claim)) ||
          (starts_with(name, "claim.stale.") && is_old(folder / name))) {
        found_leftover(folder / name);
      }
    }
    return text && !is_dead;
  }

  void check_attempts(const std::string& id, const std::vector<std::string>& abandoned_files) {
    const auto folder = store_.stage_folder(id);
    StageAttempts attempts = store_.read_attempts(id);
    bool all_known = true;
    for (StoreProblem& problem : attempts.problems) {
      all_known = all_known && problem.is_damaged;
      found(std::move(problem));
    }
    std::set<std::string> named;
    std::int64_t final_attempts = 0;
    for (const StageRecord& record : attempts.records) {
      if (!check_content(record, folder)) continue;
      ++report_.attempts;
      final_attempts += is_final(record.state) ? 1 : 0;
      for (const StoredFile& file : record.files)
        named.insert(file.path.substr(0, file.path.find('/')));
    }
    report_.duplicates += std::max<std::int64_t>(final_attempts - 1, 0);
    if (!all_known) return;  // a record we cannot read may name the files
    for (const std::string& name : abandoned_files) {
      if (!named.contains(name)) found({folder / name, "files that no record names", true});
    }
  }

  bool check_content(const StageRecord& record, const std::filesystem::path& folder) {
    const std::size_t before = report_.problems.size();
    examine(folder / attempt_file_name(record.attempt), [&] {
      for (const StoredFile& file : record.files) {
        if (core::sha256_file(folder / file.path) != file.sha256) {
          throw core::UserError("the content of its file " + file.path +
                                " does not match its SHA-256");
        }
      }
    });
    return report_.problems.size() == before;
  }

  const Store& store_;
  bool repairs_;
  FileTime now_;
  FsckReport report_;
};

}  // namespace

FsckReport fsck(const Store& store, FsckAction action) { return Check(store, action).run(); }

}  // namespace vitlab::store
