#include "store/store.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "store/disk.h"
#include "store/process_identity.h"

namespace vitlab::store {
namespace {

constexpr std::int64_t kStoreSchema = 1;

/// A kill while a store was made may leave temporaries and nothing else.
bool holds_only_leftovers(const std::filesystem::path& folder) {
  const auto names = list_folder(folder);
  return std::all_of(names.begin(), names.end(),
                     [](const std::string& name) { return name.rfind(kTemporaryPrefix, 0) == 0; });
}

std::int64_t schema_of(const std::filesystem::path& path, std::string_view text) {
  core::Json json = core::parse_json(text, path.string());
  try {
    return core::take_schema(json, core::JsonPlace(path.string() + ":"));
  } catch (const core::UserError& error) {
    throw core::UserError(std::string(error.what()) + "; this is no vitlab store");
  }
}

void check_store_file(const std::filesystem::path& path, std::string_view text) {
  const std::int64_t schema = schema_of(path, text);
  if (schema > kStoreSchema) {
    throw core::UserError(
        fmt::format("{}: the store has schema {}, this program reads up to {}; use a "
                    "newer program, or another folder",
                    path.string(), schema, kStoreSchema));
  }
}

void probe_writing(const std::filesystem::path& folder) {
  const RemovedUnlessKept probe(folder / (std::string(kTemporaryPrefix) + new_writer_tag()));
  core::write_new_file(probe.path(), "can this folder be written to?");
}

void create(const std::filesystem::path& folder) {
  core::make_folders(folder);
  if (!holds_only_leftovers(folder)) {
    throw core::UserError(
        folder.string() +
        ": neither empty nor a vitlab store; name a new folder, or empty this one");
  }
  const core::Json header = core::with_schema(kStoreSchema, {{"created_by", "vitlab"}});
  publish_text(folder / "store.json", core::dump_json(header) + "\n");
}

/// Reads a file that is named by the identity of its own canonical text.
core::Json read_by_identity(const std::filesystem::path& path, std::string_view id,
                            const char* what) {
  const auto text = read_regular_file(path);
  if (!text) throw core::UserError(fmt::format("{}: no such {}", path.string(), what));
  if (core::identity(*text) != id) {
    throw core::UserError(
        fmt::format("{}: damaged: its text does not hash to {}", path.string(), id));
  }
  return core::parse_json(*text, path.string());
}

/// Sizes only: hashes are what fsck checks.
void check_files(const StageRecord& record, const std::filesystem::path& folder) {
  for (const StoredFile& file : record.files) {
    struct stat status {};
    const bool is_there = ::lstat((folder / file.path).c_str(), &status) == 0;
    if (!is_there && errno != ENOENT && errno != ENOTDIR) {
      throw core::Failure(fmt::format("{}: cannot stat: {}", file.path, std::strerror(errno)));
    }
    if (!is_there || !S_ISREG(status.st_mode)) {
      throw core::UserError(fmt::format("its file {} is missing", file.path));
    }
    if (status.st_size != file.size) {
      throw core::UserError(
          fmt::format("its file {} has {} bytes, not {}", file.path, status.st_size, file.size));
    }
  }
}

StageRecord read_attempt(const std::filesystem::path& folder, std::string_view id,
                         std::int64_t attempt) {
  const std::string name = attempt_file_name(attempt);
  const auto text = read_regular_file(folder / name);
  if (!text) throw core::Failure(name + ": vanished while it was read");
  StageRecord record = decode_record(*text, name);
  if (record.id != id) throw core::UserError(name + ": is of another stage: " + record.id);
  if (record.attempt != attempt) {
    throw core::UserError(fmt::format("{}: is attempt {}", name, record.attempt));
  }
  check_files(record, folder);
  return record;
}

std::vector<std::int64_t> attempts_in(const std::filesystem::path& folder) {
  std::vector<std::int64_t> attempts;
  for (const std::string& name : list_folder(folder)) {
    if (const auto attempt = attempt_number(name)) attempts.push_back(*attempt);
  }
  std::sort(attempts.begin(), attempts.end());
  return attempts;
}

/// What will be written must read back: a record nobody can read is worse than a failure.
std::string checked_text(const StageRecord& record) {
  std::string text = encode_record(record);
  const StageRecord again = decode_record(text, "record of " + record.id);
  if (again.files != record.files)
    throw core::Failure("a file name of a record is not valid UTF-8");
  return text;
}

}  // namespace

const StageRecord* StageAttempts::winner() const {
  for (const StageRecord& record : records) {
    if (is_final(record.state)) return &record;
  }
  return records.empty() ? nullptr : &records.back();
}

std::string attempt_file_name(std::int64_t attempt) {
  return fmt::format("attempt-{:04}.json", attempt);
}

std::optional<std::int64_t> attempt_number(std::string_view file_name) {
  constexpr std::string_view kStart = "attempt-";
  if (file_name.substr(0, kStart.size()) != kStart) return std::nullopt;
  std::int64_t number = 0;
  for (const char digit : file_name.substr(kStart.size())) {
    if (digit < '0' || digit > '9' || number > 100'000'000) break;
    number = 10 * number + (digit - '0');
  }
  if (number < 1 || attempt_file_name(number) != file_name) return std::nullopt;
  return number;
}

Store Store::open(const std::filesystem::path& folder) {
  const auto path = folder / "store.json";
  const auto text = read_regular_file(path);
  if (!text) {
    throw core::UserError(
        folder.string() +
        ": not a vitlab store (no store.json); name the folder that a sweep wrote");
  }
  check_store_file(path, *text);
  return Store(folder);
}

Store Store::open_or_create(const std::filesystem::path& folder) {
  try {
    if (!read_regular_file(folder / "store.json")) create(folder);
    Store store = open(folder);
    probe_writing(folder);
    return store;
  } catch (const core::Failure& failure) {
    throw core::Failure(
        std::string(failure.what()) +
        "; results cannot be kept here: free space, fix the rights, or name another "
        "folder");
  }
}

std::string Store::put_plan(const core::Json& plan) const {
  const std::string text = core::canonical_json(plan);
  std::string hash = core::identity(text);
  core::make_folders(folder_ / "plan");
  publish_text(folder_ / "plan" / (hash + ".json"), text);
  return hash;
}

core::Json Store::get_plan(std::string_view hash) const {
  if (!is_stage_id(hash)) {
    throw core::UserError(
        fmt::format("'{}' is not the hash of a plan: 32 hexadecimal characters", hash));
  }
  return read_by_identity(folder_ / "plan" / fmt::format("{}.json", hash), hash, "plan");
}

std::vector<std::string> Store::plans() const {
  std::vector<std::string> hashes;
  for (const std::string& name : list_folder(folder_ / "plan")) {
    const std::string hash = name.substr(0, 32);
    if (is_stage_id(hash) && name == hash + ".json") hashes.push_back(hash);
  }
  return hashes;
}

std::string Store::put_spec(const core::Json& spec) const {
  const std::string text = core::canonical_json(spec);
  std::string id = core::identity(text);
  const auto path = stage_folder(id) / "spec.json";
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) {
    core::make_folders(path.parent_path());
    publish_text(path, text);
  }
  return id;
}

core::Json Store::get_spec(std::string_view id) const {
  return read_by_identity(stage_folder(id) / "spec.json", id, "stage");
}

std::filesystem::path Store::stage_folder(std::string_view id) const {
  core::ensure(is_stage_id(id), "the id of a stage is 32 hexadecimal characters");
  return folder_ / "stages" / id.substr(0, 2) / id;
}

StageAttempts Store::read_attempts(std::string_view id) const {
  StageAttempts result;
  const auto folder = stage_folder(id);
  try {
    for (const std::int64_t attempt : attempts_in(folder)) {
      try {
        result.records.push_back(read_attempt(folder, id, attempt));
      } catch (const std::runtime_error& error) {
        const bool is_damaged = dynamic_cast<const core::UserError*>(&error) != nullptr;
        result.problems.push_back({folder / attempt_file_name(attempt), error.what(), is_damaged});
      }
    }
  } catch (const core::Failure& error) {
    result.problems.push_back({folder, error.what()});
  }
  return result;
}

std::optional<StageRecord> Store::read_record(std::string_view id) const {
  const StageAttempts attempts = read_attempts(id);
  const StageRecord* winner = attempts.winner();
  return winner == nullptr ? std::nullopt : std::optional(*winner);
}

StagedFiles Store::stage_files(std::string_view id) const { return StagedFiles(stage_folder(id)); }

Published Store::publish(StageRecord record) const {
  const auto folder = stage_folder(record.id);
  core::make_folders(folder);
  record.attempt = 0;
  while (true) {
    const auto numbers = attempts_in(folder);
    // Numbers only grow, so the order of numbers is the order of publication. A stale listing (NFS)
    // must not make us try the same number for ever.
    record.attempt = std::max(record.attempt, numbers.empty() ? 0 : numbers.back()) + 1;
    const StageAttempts earlier = numbers.empty() ? StageAttempts{} : read_attempts(record.id);
    const bool decided = earlier.winner() != nullptr && is_final(earlier.winner()->state);
    if (!publish_text(folder / attempt_file_name(record.attempt), checked_text(record))) continue;
    const bool wins = is_final(record.state) && !decided;
    std::error_code ignored;
    if (wins) std::filesystem::remove_all(folder / "ckpt", ignored);  // nothing is resumed again
    return {.attempt = record.attempt, .wins = wins};
  }
}

Published Store::publish(StageRecord record, StagedFiles& files) const {
  core::ensure(files.path().parent_path() == stage_folder(record.id),
               "files are staged in their stage");
  record.files = files.commit();
  const Published published = publish(std::move(record));
  files.keep();
  return published;
}

std::filesystem::path Store::quarantine(const std::filesystem::path& path,
                                        const std::string& reason) const {
  const auto folder = folder_ / "quarantine";
  core::make_folders(folder);
  const std::string stage = path.parent_path().filename().string();
  auto target = folder / fmt::format("{}.{}.{}", stage, path.filename().string(), new_nonce());
  core::write_new_file(target.string() + ".reason", reason + "\n");
  if (std::rename(path.c_str(), target.c_str()) != 0) {
    throw core::Failure(
        fmt::format("{}: cannot move to quarantine: {}", path.string(), std::strerror(errno)));
  }
  core::sync_path(path.parent_path());
  core::sync_path(folder);
  return target;
}

}  // namespace vitlab::store
