#include <array>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "core/config_node.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/text.h"
#include "data/stored_dataset.h"

namespace vitlab::data {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPixels = 3 * 32 * 32;
constexpr std::size_t kMostRecords = 100'000;

constexpr std::array<const char*, 10> kCifar10Names{
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

/// What differs between the two sets (https://www.cs.toronto.edu/~kriz/cifar.html, binary version).
struct Layout {
  std::string name;
  std::vector<std::string> training_files;
  std::string test_file;
  std::string usual_folder;
  std::size_t label_bytes;  // the last one counts; CIFAR-100 has the superclass first
  int classes;
};

Layout layout_of(DataKind kind) {
  if (kind == DataKind::kCifar100)
    return {"cifar100", {"train.bin"}, "test.bin", "cifar-100-binary", 2, 100};
  Layout layout{"cifar10", {}, "test_batch.bin", "cifar-10-batches-bin", 1, 10};
  for (int i = 1; i <= 5; ++i) layout.training_files.push_back(fmt::format("data_batch_{}.bin", i));
  return layout;
}

fs::path folder_of(const std::string& path, const Layout& layout) {
  for (const fs::path& folder : {fs::path(path), fs::path(path) / layout.usual_folder})
    if (std::error_code none; fs::is_regular_file(folder / layout.test_file, none)) return folder;
  throw core::UserError(fmt::format("{}: no {} here; {} needs the binary version: {} and {}", path,
                                    layout.test_file, layout.name,
                                    fmt::join(layout.training_files, ", "), layout.test_file));
}

/// Appends one file's records to `images` and to a split; returns its hash.
std::string read_records(const fs::path& path, const Layout& layout, Split split,
                         StoredImages& images) {
  const std::size_t record = layout.label_bytes + kPixels;
  const std::string bytes = core::read_text_file(path, record * kMostRecords);
  if (bytes.empty() || bytes.size() % record != 0)
    throw core::UserError(
        fmt::format("{}: has {} bytes, no whole number of {}-byte records; is this the "
                    "binary version, and complete?",
                    path.string(), bytes.size(), record));
  for (std::size_t at = 0; at < bytes.size(); at += record) {
    const int label = static_cast<unsigned char>(bytes[at + layout.label_bytes - 1]);
    if (label >= layout.classes)
      throw core::UserError(fmt::format("{}: record {} has label {}; {} has {} classes",
                                        path.string(), at / record, label, layout.name,
                                        layout.classes));
    const auto* first =
        reinterpret_cast<const std::uint8_t*>(bytes.data() + at + layout.label_bytes);
    images.rows[static_cast<std::size_t>(split)].push_back(
        static_cast<std::int64_t>(images.labels.size()));
    images.labels.push_back(label);
    images.pixels.insert(images.pixels.end(), first, first + kPixels);
  }
  return core::sha256(bytes);
}

std::vector<std::string> names_of(const Layout& layout) {
  std::vector<std::string> names;
  for (int i = 0; i < layout.classes; ++i)
    names.push_back(layout.classes == 10 ? kCifar10Names[static_cast<std::size_t>(i)]
                                         : fmt::format("{}", i));
  return names;
}

}  // namespace

std::unique_ptr<Dataset> open_cifar(const DataSpec& spec) {
  const Layout layout = layout_of(spec.kind);
  const fs::path folder = folder_of(spec.path, layout);
  const double validation = spec.validation.value_or(kValidationShare);
  std::string content = fmt::format("{} 1\nseed {} validation {}\n", layout.name, spec.seed,
                                    core::shortest(validation));

  StoredImages images{.channels = 3, .size = {32, 32}};
  for (const std::string& file : layout.training_files)
    content += read_records(folder / file, layout, Split::kTrain, images) + "\n";
  content += read_records(folder / layout.test_file, layout, Split::kTest, images) + "\n";
  auto& training = images.rows[static_cast<std::size_t>(Split::kTrain)];
  auto parts = hold_out(training, validation, static_cast<std::uint64_t>(spec.seed));
  images.rows[static_cast<std::size_t>(Split::kValidation)] = std::move(parts[0]);
  training = std::move(parts[1]);

  DatasetDescription about;
  about.class_names = names_of(layout);
  about.horizontal_flip_makes_sense = true;
  about.fingerprint = core::sha256(content);
  return make_stored_dataset(std::move(about), std::move(images));
}

}  // namespace vitlab::data
