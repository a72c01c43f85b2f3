#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "store/disk.h"
#include "store/record.h"

namespace vitlab::store {

/// A folder inside a stage folder in which an attempt writes the files that its record will name.
/// Removed at the end of the scope, unless the record was published; after a kill, fsck sweeps it.
class StagedFiles {
 public:
  explicit StagedFiles(const std::filesystem::path& stage_folder);

  /// Write here; subfolders are allowed, links are not.
  const std::filesystem::path& path() const { return staging_.path(); }

 private:
  friend class Store;

  /// Syncs, sizes and hashes everything, moves the folder to its final name, and lists the files by
  /// name (the path below path()).
  std::vector<StoredFile> commit();
  /// The record that names the files is published: they stay.
  void keep() { committed_.keep(); }

  RemovedUnlessKept committed_;
  RemovedUnlessKept staging_;
};

/// How the folder of published files is named; a writer tag follows.
inline constexpr std::string_view kFilesPrefix = "files-";

}  // namespace vitlab::store
