#pragma once

#include <cstdint>
#include <filesystem>
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
  std::vector<std::string> names;  // in byte order: the labels
  std::vector<ClassFile> files;    // class by class, in byte order of their paths
  std::int64_t ignored = 0;        // files that are hidden, no regular file, or no .jpg .jpeg .png
};

/// Lists `root / part`, whose subfolders are the classes; folders inside a class are searched too,
/// links are followed but never in a circle. Throws UserError for fewer than two classes or a class
/// without images, with the expected layout.
ClassFolders scan_class_folders(const std::filesystem::path& root, const std::string& part);

}  // namespace vitlab::data
