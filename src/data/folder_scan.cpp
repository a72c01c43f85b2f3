#include "data/folder_scan.h"

#include <algorithm>
#include <array>
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
    "expected PATH/<class>/<image>.jpg (or .jpeg, .jfif, .png, .webp), or the same under "
    "PATH/train, "
    "PATH/val "
    "and "
    "perhaps PATH/test";

using FileIdentity = std::pair<dev_t, ino_t>;

std::string in_small(std::string text) {
  for (char& letter : text)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

bool has_image_extension(const fs::path& path) {
  constexpr std::array kEndings{".jpg", ".jpeg", ".jfif", ".png", ".webp"};
  return std::find(kEndings.begin(), kEndings.end(), in_small(path.extension().string())) !=
         kEndings.end();
}

/// What systems leave beside files: hidden entries, a NAS's thumbnails, archives' and bins'
/// folders.
bool is_passed_over(const fs::path& path) {
  constexpr std::array kOfSystems{
      "@eadir",    "__macosx",    "lost+found", "$recycle.bin",
      "thumbs.db", "desktop.ini", "#recycle",   "system volume information"};
  const std::string name = path.filename().string();
  return name.starts_with('.') ||
         std::find(kOfSystems.begin(), kOfSystems.end(), in_small(name)) != kOfSystems.end();
}

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
    const bool is_kept = !is_passed_over(entry);
    if (is_kept && fs::is_directory(status)) {
      walk(entry);
    } else if (is_kept && fs::is_regular_file(status) && has_image_extension(entry)) {
      found_.files.push_back({entry.lexically_relative(root_).generic_string(), label_});
    } else if (is_kept && fs::is_regular_file(status)) {
      ++found_.endings[in_small(entry.extension().string())];
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

ClassFolders scan_class_folders(const fs::path& root, const std::string& part, bool takes_empty) {
  const fs::path folder = part.empty() ? root : root / part;
  ClassFolders found;
  for (const fs::path& entry : entries_of(folder)) {
    std::error_code error;
    if (is_passed_over(entry) || !fs::is_directory(entry, error)) {
      ++found.ignored;
      continue;
    }
    const std::size_t before = found.files.size();
    ClassWalk(root, found.names.size(), found).walk(entry);
    if (found.files.size() == before && takes_empty) continue;
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

SplitFolders split_folders(const fs::path& root) {
  SplitFolders found;
  const auto claim = [&](std::string& split, const std::string& name) {
    if (!split.empty())
      throw core::UserError(fmt::format("{}: {}/ and {}/ are the same split; remove or join one",
                                        root.string(), split, name));
    split = name;
  };
  for (const fs::path& entry : entries_of(root)) {
    std::error_code error;
    if (is_passed_over(entry) || !fs::is_directory(entry, error)) continue;
    const std::string name = entry.filename().string(), small = in_small(name);
    if (small == "train" || small == "training")
      claim(found.train, name);
    else if (small == "val" || small == "valid" || small == "validation")
      claim(found.validation, name);
    else if (small == "test" || small == "testing")
      claim(found.test, name);
    else
      found.others.push_back(name);
  }
  return found;
}

}  // namespace vitlab::data
