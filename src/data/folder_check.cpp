#include "data/folder_check.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/config_node.h"
#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "data/decode.h"

namespace vitlab::data {

namespace {

namespace fs = std::filesystem;

constexpr const char* kCacheHeading = "vitlab image checks 2";

/// What changes when a file does: size, inode, and times to the nanosecond.
std::string stamp_of(const fs::path& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return "";
  return fmt::format("{} {} {}.{} {}.{}", status.st_size, status.st_ino, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

/// Earlier checks of whole images by path: a line each, `sha256 height width format stamp path`.
class CheckCache {
 public:
  explicit CheckCache(fs::path file) : file_(std::move(file)) {
    std::ifstream stream(file_);
    std::string line;
    if (!std::getline(stream, line) || line != kCacheHeading) return;
    while (std::getline(stream, line)) read_line(line);
  }

  bool find(const std::string& path, const std::string& stamp, FileCheck& check) const {
    const auto entry = entries_.find(path);
    if (entry == entries_.end() || stamp.empty() || entry->second.stamp != stamp) return false;
    check = entry->second.check;
    return true;
  }

  void write(const std::vector<std::string>& paths, const std::vector<std::string>& stamps,
             const std::vector<FileCheck>& checks) const {
    std::string text = std::string(kCacheHeading) + "\n";
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const FileCheck& check = checks[i];
      if (!check.broken.empty() || paths[i].find('\n') != std::string::npos) continue;
      text += fmt::format("{} {} {} {} {} {}\n", check.sha256, check.size.height, check.size.width,
                          core::word_of(check.format), stamps[i], paths[i]);
    }
    try {
      core::write_file_atomically(file_, text);
    } catch (const core::Failure&) {
      // A cache that cannot be written (no space, no permission) only costs the next run time.
    }
  }

 private:
  struct Entry {
    std::string stamp;
    FileCheck check;
  };

  void read_line(const std::string& line) {
    std::istringstream words(line);
    Entry entry;
    std::string format, bytes, inode, modified, changed, path;
    words >> entry.check.sha256 >> entry.check.size.height >> entry.check.size.width >> format >>
        bytes >> inode >> modified >> changed;
    words.get();
    const auto known = core::find_choice<ImageFormat>(format);
    if (!std::getline(words, path) || entry.check.sha256.size() != 64 || !known) return;
    entry.check.format = *known;
    entry.stamp = fmt::format("{} {} {} {}", bytes, inode, modified, changed);
    entry.check.bytes = std::atoll(bytes.c_str());
    entries_[path] = std::move(entry);
  }

  fs::path file_;
  std::unordered_map<std::string, Entry> entries_;
};

FileCheck check_file(const fs::path& path) {
  FileCheck check;
  try {
    const std::string bytes = core::read_text_file(path, kMostImageBytes);
    check.bytes = static_cast<std::int64_t>(bytes.size());
    check.sha256 = core::sha256(bytes);
    check.size = read_image_size(bytes);
    check.format = format_of(bytes);
    // An eighth of the resolution reads every byte of a JPEG all the same.
    decode_image(bytes, 1.0 / 8);
  } catch (const BrokenImage& error) {
    check.broken = error.what();
  } catch (const core::UserError& error) {
    const std::string message = error.what();
    const std::string place = path.string() + ": ";
    check.broken = message.starts_with(place) ? message.substr(place.size()) : message;
  }
  return check;
}

/// Calls visit(i) for every i below `count` from all cores; the caller's thread works too and
/// draws progress. The first exception of any thread is thrown here.
template <typename Visit>
void for_each_on_all_cores(std::size_t count, const Visit& visit) {
  constexpr std::size_t kWorthProgress = 2000;
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> done = 0;
  const std::size_t threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 32);
  std::vector<std::exception_ptr> errors(threads);
  const auto work = [&](std::size_t worker, core::Progress* progress) {
    try {
      for (std::size_t i = next++; i < count && !core::interrupt_requested(); i = next++) {
        visit(i);
        ++done;
        if (progress != nullptr) progress->update(static_cast<std::int64_t>(done.load()));
      }
    } catch (...) {
      errors[worker] = std::current_exception();
      next = count;
    }
  };
  {
    std::optional<core::Progress> progress;
    if (count >= kWorthProgress)
      progress.emplace("checking images", static_cast<std::int64_t>(count));
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < std::min(threads, count); ++i)
      helpers.emplace_back(work, i, nullptr);
    work(0, progress ? &*progress : nullptr);
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
  core::check_interrupt();
}

}  // namespace

std::vector<FileCheck> check_image_files(const fs::path& root,
                                         const std::vector<std::string>& paths,
                                         const std::optional<fs::path>& cache_folder) {
  std::optional<CheckCache> cache;
  if (cache_folder) {
    std::error_code error;
    const fs::path whole = fs::weakly_canonical(root, error);
    cache.emplace(*cache_folder / "images" / (core::sha256(whole.string()).substr(0, 32) + ".txt"));
  }
  std::vector<FileCheck> checks(paths.size());
  std::vector<std::string> stamps(paths.size());
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (cache) stamps[i] = stamp_of(root / paths[i]);
    if (!cache || !cache->find(paths[i], stamps[i], checks[i])) unknown.push_back(i);
  }
  for_each_on_all_cores(unknown.size(), [&](std::size_t i) {
    checks[unknown[i]] = check_file(root / paths[unknown[i]]);
  });
  if (cache && !unknown.empty()) cache->write(paths, stamps, checks);
  return checks;
}

std::optional<fs::path> user_cache_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return fs::path(cache) / "vitlab";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return fs::path(home) / ".cache" / "vitlab";
  return std::nullopt;
}

}  // namespace vitlab::data
