#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vitlab::data {

/// One image file of a class folder.
struct ClassFile {
  std::string path;  // relative to the data set's folder, with '/'
  std::size_t label = 0;
};

/// The image files of a folder of class folders.
struct ClassFolders {
  std::vector<std::string> names;               // in byte order: the labels
  std::vector<ClassFile> files;                 // class by class, in byte order of their paths
  std::map<std::string, std::int64_t> endings;  // of files that are no images by name: how many
  std::int64_t ignored = 0;  // entries that are hidden, of a system, broken or circular
};

/// Lists `root / part`, whose subfolders are the classes; folders inside a class are searched too,
/// links are followed but never in a circle. Throws UserError for fewer than two classes or, but
/// where `takes_empty`, a class without images, with the expected layout.
ClassFolders scan_class_folders(const std::filesystem::path& root, const std::string& part,
                                bool takes_empty = false);

/// The folders in `root` that hold a split by their names in any case: train or training; val,
/// valid or validation; test or testing. Empty where there is none. Throws UserError where two
/// claim one split.
struct SplitFolders {
  std::string train, validation, test;
  std::vector<std::string> others;  // other folders beside them
};
SplitFolders split_folders(const std::filesystem::path& root);

}  // namespace vitlab::data
