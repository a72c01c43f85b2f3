#include "data/folder_scan.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/interrupt.h"

namespace vitlab::data {

namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected PATH/<class>/<image>.jpg (or .jpeg, .png), or the same under PATH/train, PATH/val "
    "and "
    "perhaps PATH/test";

using FileIdentity = std::pair<dev_t, ino_t>;

bool has_image_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& letter : extension)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    entries.push_back(at->path());
  if (error)
    throw core::UserError(
        fmt::format("{}: cannot list this folder: {}", folder.string(), error.message()));
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// Walks one class folder.
class ClassWalk {
 public:
  ClassWalk(const fs::path& root, std::size_t label, ClassFolders& found)
      : root_(root), label_(label), found_(found) {}

  void walk(const fs::path& folder) {
    struct stat status = {};
    if (stat(folder.c_str(), &status) != 0) return;
    const FileIdentity identity{status.st_dev, status.st_ino};
    const bool is_circle = std::find(above_.begin(), above_.end(), identity) != above_.end();
    constexpr std::size_t kDeepest = 32;
    if (is_circle || above_.size() >= kDeepest) {
      ++found_.ignored;
      return;
    }
    core::check_interrupt();
    above_.push_back(identity);
    for (const fs::path& entry : entries_of(folder)) visit(entry);
    above_.pop_back();
  }

 private:
  void visit(const fs::path& entry) {
    std::error_code error;
    const fs::file_status status = fs::status(entry, error);
    if (is_hidden(entry)) {
      ++found_.ignored;
    } else if (fs::is_directory(status)) {
      walk(entry);
    } else if (fs::is_regular_file(status) && has_image_extension(entry)) {
      found_.files.push_back({entry.lexically_relative(root_).generic_string(), label_});
    } else {
      ++found_.ignored;
    }
  }

  const fs::path& root_;
  std::size_t label_;
  ClassFolders& found_;
  std::vector<FileIdentity> above_;
};

}  // namespace

ClassFolders scan_class_folders(const fs::path& root, const std::string& part) {
  const fs::path folder = part.empty() ? root : root / part;
  ClassFolders found;
  for (const fs::path& entry : entries_of(folder)) {
    std::error_code error;
    if (is_hidden(entry) || !fs::is_directory(entry, error)) {
      ++found.ignored;
      continue;
    }
    const std::size_t before = found.files.size();
    ClassWalk(root, found.names.size(), found).walk(entry);
    if (found.files.size() == before)
      throw core::UserError(
          fmt::format("{}: this class folder holds no image; {}", entry.string(), kLayout));
    std::sort(found.files.begin() + static_cast<std::ptrdiff_t>(before), found.files.end(),
              [](const ClassFile& a, const ClassFile& b) { return a.path < b.path; });
    found.names.push_back(entry.filename().string());
  }
  if (found.names.size() < 2)
    throw core::UserError(fmt::format("{}: holds {} class folder{}, two are the least; {}",
                                      folder.string(), found.names.size(),
                                      found.names.size() == 1 ? "" : "s", kLayout));
  return found;
}

}  // namespace vitlab::data
