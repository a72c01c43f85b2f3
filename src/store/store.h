#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "store/record.h"
#include "store/staged_files.h"

namespace vitlab::store {

/// Something in a store that is not as it should be; it is passed over, never guessed at.
struct StoreProblem {
  std::filesystem::path path;
  std::string reason;
  bool is_damaged = false;  // its content is wrong; not: unreadable just now, or of a newer program
};

/// Every attempt at one stage that reads well, in the order of publication.
struct StageAttempts {
  std::vector<StageRecord> records;
  std::vector<StoreProblem> problems;

  /// What counts: the first final attempt, else the last one, else nullptr.
  const StageRecord* winner() const;
};

/// All winners of a store, ordered by id: the same for the same files, whoever wrote them when.
struct StoreScan {
  std::vector<StageRecord> records;
  std::vector<StoreProblem> problems;
  std::int64_t attempts = 0;  // that read well, winners and others
};

struct Published {
  std::int64_t attempt = 0;
  bool wins = false;  // this is the first final attempt of its stage
};

/// Results on disk: plain files that are only ever added, so that many processes on many machines
/// write at once without a lock, and a kill at any moment loses nothing that was published.
/// A value: the folder's path and nothing else; every function may be called from any thread.
class Store {
 public:
  /// Opens for writing. Makes an empty or missing folder a store; a folder with other content, a
  /// newer schema is a UserError; a folder that cannot be written to is a Failure, now, not later.
  static Store open_or_create(const std::filesystem::path& folder);
  /// Opens for reading, also on read-only media; UserError if there is no store.
  static Store open(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path views() const { return folder_ / "views"; }

  /// Stores a plan under the identity of its canonical text, which is returned.
  std::string put_plan(const core::Json& plan) const;
  /// UserError if there is no such plan or its text does not match the hash.
  core::Json get_plan(std::string_view hash) const;
  std::vector<std::string> plans() const;

  /// Stores what a stage's id is the hash of; returns the id = identity(canonical_json(spec)).
  std::string put_spec(const core::Json& spec) const;
  /// UserError if there is no spec or it does not hash to `id`.
  core::Json get_spec(std::string_view id) const;

  /// stages/ab/<id>; made by put_spec, stage_files, publish and claims.
  std::filesystem::path stage_folder(std::string_view id) const;
  /// The ids of all stage folders, sorted.
  std::vector<std::string> stages() const;

  StageAttempts read_attempts(std::string_view id) const;
  /// The winner; nullopt if no attempt was published or none of them reads well.
  std::optional<StageRecord> read_record(std::string_view id) const;
  /// Reads every stage with `threads` threads (0: one per core, at most 8).
  StoreScan scan(int threads = 0) const;

  /// A folder for the files of the attempt under way.
  StagedFiles stage_files(std::string_view id) const;
  /// Publishes an attempt, whole and durably or not at all (Failure). `record.attempt` and
  /// `record.files` are set here. Never replaces: a late duplicate is kept as another attempt.
  Published publish(StageRecord record) const;
  Published publish(StageRecord record, StagedFiles& files) const;

  /// Moves a damaged file or folder to quarantine/, with the reason beside it; returns its new
  /// path.
  std::filesystem::path quarantine(const std::filesystem::path& path,
                                   const std::string& reason) const;

 private:
  explicit Store(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
};

/// 7 -> "attempt-0007.json".
std::string attempt_file_name(std::int64_t attempt);
/// "attempt-0007.json" -> 7; nullopt for any other name.
std::optional<std::int64_t> attempt_number(std::string_view file_name);

}  // namespace vitlab::store
