#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include <fmt/format.h>

#include "core/config_node.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/names.h"
#include "core/text.h"
#include "data/decode.h"
#include "data/folder_check.h"
#include "data/folder_scan.h"
#include "data/stored_dataset.h"

namespace vitlab::data {

namespace {

namespace fs = std::filesystem;

using Files = std::vector<ClassFile>;

/// The same part of an image that was decoded smaller.
Box shrunk(const Box& box, const ImageSize& size, const ImageSize& decoded) {
  const double y = static_cast<double>(decoded.height) / static_cast<double>(size.height);
  const double x = static_cast<double>(decoded.width) / static_cast<double>(size.width);
  return {box.top * y, box.left * x, box.height * y, box.width * x};
}

class FolderDataset : public Dataset {
 public:
  FolderDataset(DatasetDescription about, fs::path root, std::array<Files, kSplits> files)
      : Dataset(std::move(about)), root_(std::move(root)), files_(std::move(files)) {}

  std::int64_t size(Split split) const override {
    return static_cast<std::int64_t>(files_[static_cast<std::size_t>(split)].size());
  }

  std::int64_t label(Split split, std::int64_t index) const override {
    return static_cast<std::int64_t>(file(split, index).label);
  }

  std::int64_t load(Split split, std::int64_t index, const ImageSize& wanted,
                    float* out) const override {
    const ClassFile& from = file(split, index);
    const std::string bytes = core::read_text_file(root_ / from.path, kMostImageBytes);
    try {
      const ImageSize size = read_image_size(bytes);
      const Box box = crop_of(preprocessing(), size, wanted);
      // A JPEG decoded smaller keeps at least twice the pixels that the filter then averages.
      const double scale = static_cast<double>(wanted.height) / box.height;
      const Image image = decode_image(bytes, std::min(1.0, 2 * scale));
      resize(view_of(image), shrunk(box, size, image.size), wanted, out,
             preprocessing().interpolation);
    } catch (const BrokenImage& error) {
      throw core::UserError(fmt::format("{}: {}; it has changed since the data set was opened",
                                        (root_ / from.path).string(), error.what()));
    }
    return static_cast<std::int64_t>(from.label);
  }

 private:
  const ClassFile& file(Split split, std::int64_t index) const {
    core::ensure(index >= 0 && index < size(split), "an image's index is inside its split");
    return files_[static_cast<std::size_t>(split)][static_cast<std::size_t>(index)];
  }

  fs::path root_;
  std::array<Files, kSplits> files_;
};

/// Files by split, before the broken ones are taken out.
struct Listing {
  std::vector<std::string> names;
  std::array<Files, kSplits> files;
  std::string split_text;  // how they were split, for the fingerprint
  std::vector<std::string> notes;
};

Files& files_of(Listing& listing, Split split) {
  return listing.files[static_cast<std::size_t>(split)];
}

/// Moves a share of each class of `from` into `to`; a class's part hangs on its name alone.
void hold_out_files(const std::vector<std::string>& names, double share, std::uint64_t seed,
                    Files& from, Files& to) {
  std::vector<std::vector<std::int64_t>> by_class(names.size());
  for (std::size_t i = 0; i < from.size(); ++i)
    by_class[from[i].label].push_back(static_cast<std::int64_t>(i));
  Files rest;
  for (std::size_t label = 0; label < names.size(); ++label) {
    const auto parts = hold_out(by_class[label], share, core::mix64(seed, names[label]));
    for (const std::int64_t i : parts[0]) to.push_back(from[static_cast<std::size_t>(i)]);
    for (const std::int64_t i : parts[1]) rest.push_back(from[static_cast<std::size_t>(i)]);
  }
  from = std::move(rest);
}

/// What was passed over, for the notes.
void note_passed_over(const ClassFolders& found, Listing& listing) {
  std::int64_t files = 0;
  std::vector<std::string> endings;
  for (const auto& [ending, count] : found.endings) {
    files += count;
    endings.push_back((ending.empty() ? "none" : ending) + " (" + core::with_thousands(count) +
                      ")");
  }
  if (files > 0)
    listing.notes.push_back(fmt::format(
        "{} file{} passed over by their endings: {}; .jpg, .jpeg, .jfif, .png and .webp are read",
        core::with_thousands(files), files == 1 ? " was" : "s were", core::joined(endings)));
  if (found.ignored > 0)
    listing.notes.push_back(fmt::format("{} hidden, system, broken or circular entr{} passed over",
                                        core::with_thousands(found.ignored),
                                        found.ignored == 1 ? "y was" : "ies were"));
}

/// Classes that a split has no image of, for the notes.
void note_missing_classes(Split split, Listing& listing) {
  std::vector<bool> has_image(listing.names.size());
  for (const ClassFile& file : files_of(listing, split)) has_image[file.label] = true;
  std::vector<std::string> missing;
  for (std::size_t label = 0; label < has_image.size(); ++label)
    if (!has_image[label]) missing.push_back(listing.names[label]);
  if (missing.empty() || missing.size() == has_image.size()) return;
  constexpr std::size_t kShown = 5;
  const std::size_t count = missing.size();
  missing.resize(std::min(kShown, count));
  listing.notes.push_back(fmt::format("{} of {} classes have no {} image: {}{}", count,
                                      has_image.size(), core::word_of(split), core::joined(missing),
                                      count > kShown ? ", …" : ""));
}

/// Takes a split's own folder; its classes must be among the training classes.
void add_split_folder(const fs::path& root, const std::string& part, const std::string& train,
                      Split split, Listing& listing) {
  ClassFolders found = scan_class_folders(root, part, true);
  for (ClassFile& file : found.files) {
    const std::string& name = found.names[file.label];
    const auto at = std::lower_bound(listing.names.begin(), listing.names.end(), name);
    if (at == listing.names.end() || *at != name)
      throw core::UserError(fmt::format("{}: class '{}' has no folder in {}",
                                        (root / part).string(), name, (root / train).string()));
    file.label = static_cast<std::size_t>(at - listing.names.begin());
  }
  note_passed_over(found, listing);
  files_of(listing, split) = std::move(found.files);
}

/// The folder of training images with one of validation, of test, or both.
Listing list_split_folders(const DataSpec& spec, const fs::path& root,
                           const SplitFolders& folders) {
  const bool has_val = !folders.validation.empty();
  const bool has_test = !folders.test.empty();
  const std::string others =
      folders.others.empty() ? "" : " (beside it: " + core::joined(folders.others) + ")";
  if (!has_val && !has_test)
    throw core::UserError(
        fmt::format("{}: has {}/ but neither val/ nor test/{}; add one, or name {}, "
                    "whose images are then split by seed",
                    root.string(), folders.train, others, (root / folders.train).string()));
  if (spec.test || (spec.validation && has_val && has_test))
    throw core::UserError(fmt::format("{}: has its own {}; take the option {}= away", root.string(),
                                      spec.test ? "split" : folders.validation + "/",
                                      spec.test ? "test" : "validation"));
  Listing listing;
  ClassFolders training = scan_class_folders(root, folders.train);
  listing.names = training.names;
  note_passed_over(training, listing);
  if (!folders.others.empty())
    listing.notes.push_back("folders beside the splits that are not used: " +
                            core::joined(folders.others));
  files_of(listing, Split::kTrain) = std::move(training.files);
  if (has_val)
    add_split_folder(root, folders.validation, folders.train, Split::kValidation, listing);
  if (has_test) add_split_folder(root, folders.test, folders.train, Split::kTest, listing);
  if (!has_test) files_of(listing, Split::kTest) = files_of(listing, Split::kValidation);

  const bool is_held_out = !has_val || (!has_test && spec.validation);
  if (is_held_out) {
    const double share = spec.validation.value_or(kHeldOutShare);
    files_of(listing, Split::kValidation).clear();
    hold_out_files(listing.names, share, static_cast<std::uint64_t>(spec.seed),
                   files_of(listing, Split::kTrain), files_of(listing, Split::kValidation));
    listing.split_text = fmt::format("seed {} validation {}", spec.seed, core::shortest(share));
  } else if (!has_test) {
    listing.notes.emplace_back(
        "no test/: val/ serves as validation and as test, so what is chosen on it looks better "
        "than "
        "it is; ',validation=0.1' holds out a part of train/ instead");
  }
  note_missing_classes(Split::kTest, listing);
  if (has_test) note_missing_classes(Split::kValidation, listing);
  return listing;
}

/// Of so few images that the share rounds to none in every class, each class of three or more gives
/// one to the test split; whether any did.
bool hold_out_least(Listing& listing, double share) {
  if (!files_of(listing, Split::kTest).empty() || share <= 0) return false;
  Files& training = files_of(listing, Split::kTrain);
  std::vector<std::int64_t> count(listing.names.size());
  for (const ClassFile& file : training) ++count[file.label];
  Files rest;
  for (const ClassFile& file : training) {
    const bool is_held = count[file.label] >= 3;
    count[file.label] = is_held ? 0 : count[file.label];
    (is_held ? files_of(listing, Split::kTest) : rest).push_back(file);
  }
  training = std::move(rest);
  if (files_of(listing, Split::kTest).empty()) {
    listing.notes.emplace_back(
        "no class has three images: none is held out for the test split; add images, or ask for "
        "more of them with ',test=0.34,validation=0.34'");
    return false;
  }
  listing.notes.push_back(
      fmt::format("{} of so few images are none: one of each class is held out for the test split; "
                  "',test=0.34,validation=0.34' holds out more",
                  core::shortest(share)));
  return true;
}

/// PATH/<class>, split by seed class by class.
Listing list_class_folders(const DataSpec& spec, const fs::path& root) {
  Listing listing;
  ClassFolders found = scan_class_folders(root, "");
  listing.names = found.names;
  note_passed_over(found, listing);
  const double validation = spec.validation.value_or(kHeldOutShare);
  const double test = spec.test.value_or(kHeldOutShare);
  const auto seed = static_cast<std::uint64_t>(spec.seed);
  Files& training = files_of(listing, Split::kTrain);
  training = std::move(found.files);
  hold_out_files(listing.names, test, core::mix64(seed, "test"), training,
                 files_of(listing, Split::kTest));
  const bool is_least = hold_out_least(listing, test);
  hold_out_files(listing.names, validation / (1 - test), core::mix64(seed, "validation"), training,
                 files_of(listing, Split::kValidation));
  listing.split_text = fmt::format("seed {} validation {} test {}", spec.seed,
                                   core::shortest(validation), core::shortest(test));
  if (is_least) listing.split_text += " least 1";
  note_missing_classes(Split::kTest, listing);
  return listing;
}

/// Every file once, in byte order.
std::vector<std::string> distinct_paths(const Listing& listing) {
  std::vector<std::string> paths;
  for (const Files& files : listing.files)
    for (const ClassFile& file : files) paths.push_back(file.path);
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

std::int64_t total_bytes(const fs::path& root, const std::vector<std::string>& paths) {
  std::int64_t total = 0;
  for (const std::string& path : paths) {
    std::error_code error;
    const std::uintmax_t bytes = fs::file_size(root / path, error);
    if (!error) total += static_cast<std::int64_t>(bytes);
  }
  return total;
}

std::string fingerprint_of(const Listing& listing, const std::vector<std::string>& paths,
                           const std::vector<FileCheck>& checks) {
  std::string content = "folder 1\n" + listing.split_text + "\n";
  for (std::size_t i = 0; i < paths.size(); ++i)
    content += fmt::format("{} {} {}\n", checks[i].sha256, checks[i].bytes, paths[i]);
  return core::sha256(content);
}

[[noreturn]] void refuse(const fs::path& root, const std::vector<BrokenFile>& broken) {
  constexpr std::size_t kShown = 10;
  std::string message;
  for (std::size_t i = 0; i < std::min(kShown, broken.size()); ++i)
    message += fmt::format("{}: {}\n", (root / broken[i].path).string(), broken[i].reason);
  if (broken.size() > kShown) message += fmt::format("and {} more\n", broken.size() - kShown);
  throw core::UserError(message +
                        fmt::format("{} broken image{}; repair or remove, or leave out by "
                                    "--skip-broken (skip_broken: true in a sweep)",
                                    broken.size(), broken.size() == 1 ? "" : "s"));
}

void take_out(const std::vector<BrokenFile>& broken, const fs::path& root, Listing& listing) {
  const auto is_broken = [&](const ClassFile& file) {
    return std::binary_search(
        broken.begin(), broken.end(), BrokenFile{file.path, ""},
        [](const BrokenFile& a, const BrokenFile& b) { return a.path < b.path; });
  };
  for (Files& files : listing.files) std::erase_if(files, is_broken);
  std::vector<bool> has_image(listing.names.size());
  for (const ClassFile& file : files_of(listing, Split::kTrain)) has_image[file.label] = true;
  for (std::size_t label = 0; label < has_image.size(); ++label)
    if (!has_image[label])
      throw core::UserError(
          fmt::format("{}: class '{}' has no training image left that is not broken", root.string(),
                      listing.names[label]));
}

void note_broken(const std::vector<BrokenFile>& broken, Listing& listing) {
  if (broken.empty()) return;
  constexpr std::size_t kShown = 5;
  std::vector<std::string> named;
  for (std::size_t i = 0; i < std::min(kShown, broken.size()); ++i)
    named.push_back(broken[i].path + " " + broken[i].reason);
  listing.notes.push_back(fmt::format(
      "{} broken image{} left out: {}{}", broken.size(), broken.size() == 1 ? " was" : "s were",
      core::joined(named, "; "), broken.size() > kShown ? "; …" : ""));
}

/// Images that stand in two splits, byte for byte: what is tested was seen in training.
void note_same_images(Listing& listing, const std::vector<std::string>& paths,
                      const std::vector<FileCheck>& checks) {
  std::map<std::string, std::string> sha_of, trained;
  for (std::size_t i = 0; i < paths.size(); ++i) sha_of[paths[i]] = checks[i].sha256;
  for (const ClassFile& file : files_of(listing, Split::kTrain))
    trained.emplace(sha_of[file.path], file.path);
  for (const Split split : {Split::kValidation, Split::kTest}) {
    std::int64_t count = 0;
    std::string example;
    for (const ClassFile& file : files_of(listing, split)) {
      const auto found = trained.find(sha_of[file.path]);
      if (found == trained.end()) continue;
      if (++count == 1) example = found->second + " and " + file.path;
    }
    if (count > 0)
      listing.notes.push_back(fmt::format("{} {} image{} stand{} in the training split too: {}{}",
                                          core::with_thousands(count), core::word_of(split),
                                          count == 1 ? "" : "s", count == 1 ? "s" : "", example,
                                          count > 1 ? ", …" : ""));
  }
}

}  // namespace

std::unique_ptr<Dataset> open_folder(const DataSpec& spec, const OpenOptions& options) {
  const fs::path root = spec.path;
  const SplitFolders folders = split_folders(root);
  if (folders.train.empty() && !(folders.validation + folders.test).empty())
    throw core::UserError(fmt::format(
        "{}: has {}{}{} but no train/; name the folder of training images train, or, if these are "
        "classes, rename them",
        root.string(), folders.validation,
        folders.validation.empty() || folders.test.empty() ? "" : "/ and ", folders.test + "/"));
  Listing listing = folders.train.empty() ? list_class_folders(spec, root)
                                          : list_split_folders(spec, root, folders);
  const std::vector<std::string> paths = distinct_paths(listing);
  std::optional<fs::path> cache;
  if (total_bytes(root, paths) >= options.least_bytes_to_cache)
    cache = options.cache_folder ? options.cache_folder : user_cache_folder();
  const std::vector<FileCheck> checks = check_image_files(root, paths, cache);

  DatasetDescription about;
  for (std::size_t i = 0; i < paths.size(); ++i)
    if (!checks[i].broken.empty()) about.broken.push_back({paths[i], checks[i].broken});
  if (!about.broken.empty() && options.on_broken == OnBroken::kRefuse) refuse(root, about.broken);
  take_out(about.broken, root, listing);
  for (const FileCheck& check : checks) {
    if (!check.broken.empty()) continue;
    about.sizes.push_back(check.size);
    ++about.formats[std::string(core::word_of(check.format))];
  }
  about.class_names = listing.names;
  about.horizontal_flip_makes_sense = true;
  about.preprocessing = {architecture::imagenet_normalisation()};
  about.fingerprint = fingerprint_of(listing, paths, checks);
  note_same_images(listing, paths, checks);
  note_broken(about.broken, listing);
  about.notes = std::move(listing.notes);
  return std::make_unique<FolderDataset>(std::move(about), root, std::move(listing.files));
}

std::unique_ptr<Dataset> open_image_files(const std::vector<std::string>& paths) {
  std::array<Files, kSplits> files;
  for (const std::string& path : paths) {
    try {
      read_image_size(core::read_text_file(path, kMostImageBytes));
    } catch (const BrokenImage& error) {
      throw core::UserError(path + ": " + error.what());
    }
    files[static_cast<std::size_t>(Split::kTest)].push_back({path, 0});
  }
  DatasetDescription about;
  about.class_names = {""};
  about.preprocessing = {architecture::imagenet_normalisation()};
  return std::make_unique<FolderDataset>(std::move(about), fs::path(), std::move(files));
}

}  // namespace vitlab::data
