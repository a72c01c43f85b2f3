// CIFAR's and idx's binary files, which no header or a short one describes.
#include "core/error.h"
#include "core/random.h"
#include "data/dataset.h"
#include "image_files.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::data {

using Catch::Matchers::Contains;

namespace {

constexpr std::size_t kPixels = 3072;

/// Records whose pixels all hold their number.
std::string cifar_records(int count, int label_bytes, int classes) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    if (label_bytes == 2) bytes += '\x13';
    bytes += static_cast<char>(i % classes);
    bytes += std::string(kPixels, static_cast<char>(i));
  }
  return bytes;
}

void write_cifar10(const std::filesystem::path& folder) {
  for (int i = 1; i <= 5; ++i)
    write_bytes(folder / ("data_batch_" + std::to_string(i) + ".bin"), cifar_records(20, 1, 10));
  write_bytes(folder / "test_batch.bin", cifar_records(30, 1, 10));
}

std::string idx_bytes(const std::vector<std::uint32_t>& shape, const std::string& values) {
  std::string bytes{0, 0, 8, static_cast<char>(shape.size())};
  for (const std::uint32_t extent : shape)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift & 255);
  return bytes + values;
}

std::string labels(int count) {
  std::string values;
  for (int i = 0; i < count; ++i) values += static_cast<char>(i % 3);
  return idx_bytes({static_cast<std::uint32_t>(count)}, values);
}

void write_idx(const std::filesystem::path& folder) {
  write_bytes(folder / "train-images-idx3-ubyte", idx_bytes({20, 2, 3}, std::string(120, '\x33')));
  write_bytes(folder / "train-labels-idx1-ubyte", labels(20));
  write_bytes(folder / "t10k-images.idx3-ubyte.gz",
              gzip_bytes(idx_bytes({6, 2, 3}, std::string(36, '\x44'))));
  write_bytes(folder / "t10k-labels.idx1-ubyte.gz", gzip_bytes(labels(6)));
}

std::unique_ptr<Dataset> open_at(const std::string& kind, const std::filesystem::path& folder,
                                 const std::string& options = "") {
  return open_dataset(parse_data_spec(kind + ":" + folder.string() + options));
}

}  // namespace

TEST_CASE("CIFAR-10 holds out a seeded tenth of its training records for validation") {
  const TemporaryFolder folder;
  write_cifar10(folder / "cifar-10-batches-bin");
  const auto cifar = open_at("cifar10", folder.path());
  CHECK(cifar->size(Split::kTrain) == 90);
  CHECK(cifar->size(Split::kValidation) == 10);
  CHECK(cifar->size(Split::kTest) == 30);
  CHECK(cifar->class_names()[3] == "cat");
  CHECK(cifar->horizontal_flip_makes_sense());
  std::vector<float> image(kPixels);
  CHECK(cifar->load(Split::kTest, 17, {32, 32}, image.data()) == 7);
  CHECK(image[0] == Approx(17.0 / 255));
  CHECK(image.back() == Approx(17.0 / 255));

  const auto same = open_at("cifar10", folder / "cifar-10-batches-bin");
  CHECK(same->fingerprint() == cifar->fingerprint());
  CHECK(open_at("cifar10", folder.path(), ",seed=1")->fingerprint() != cifar->fingerprint());
  CHECK(open_at("cifar10", folder.path(), ",validation=0.2")->size(Split::kValidation) == 20);
}

TEST_CASE("CIFAR-100 reads the finer of its two labels") {
  const TemporaryFolder folder;
  write_bytes(folder / "train.bin", cifar_records(200, 2, 100));
  write_bytes(folder / "test.bin", cifar_records(50, 2, 100));
  const auto cifar = open_at("cifar100", folder.path());
  CHECK(cifar->classes() == 100);
  CHECK(cifar->label(Split::kTest, 42) == 42);
}

TEST_CASE("CIFAR files of a wrong size, a wrong label or missing are named") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(open_at("cifar10", folder.path()), Contains("no test_batch.bin here"));
  write_cifar10(folder.path());
  write_bytes(folder / "data_batch_3.bin", cifar_records(20, 1, 10) + "x");
  CHECK_THROWS_WITH(open_at("cifar10", folder.path()), Contains("data_batch_3.bin: has 61461"));
  write_bytes(folder / "data_batch_3.bin", cifar_records(20, 1, 11));
  CHECK_THROWS_WITH(open_at("cifar10", folder.path()),
                    Contains("data_batch_3.bin: record 10 has label 10"));
  std::filesystem::remove(folder / "data_batch_3.bin");
  CHECK_THROWS_WITH(open_at("cifar10", folder.path()), Contains("data_batch_3.bin"));
}

TEST_CASE("idx reads plain and gzipped files in both spellings") {
  const TemporaryFolder folder;
  write_idx(folder.path());
  const auto idx = open_at("idx", folder.path());
  CHECK(idx->size(Split::kTrain) == 18);
  CHECK(idx->size(Split::kValidation) == 2);
  CHECK(idx->size(Split::kTest) == 6);
  CHECK(idx->classes() == 3);
  CHECK(idx->native_size() == ImageSize{2, 3});
  std::vector<float> image(6);
  CHECK(idx->load(Split::kTest, 4, {2, 3}, image.data()) == 1);
  CHECK(image[5] == Approx(0x44 / 255.0));
  CHECK(idx->preprocessing().deviation[0] == 1);  // constant training images
}

TEST_CASE("an idx file cut at any length or with any damage in its header is refused") {
  const TemporaryFolder folder;
  write_idx(folder.path());
  const std::string whole = idx_bytes({20, 2, 3}, std::string(120, '\x33'));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_bytes(folder / "train-images-idx3-ubyte", whole.substr(0, length));
    REQUIRE_THROWS_AS(open_at("idx", folder.path()), core::UserError);
  }
  core::Random random(2);
  for (int i = 0; i < 500; ++i) {
    std::string damaged = whole;
    damaged[random.below(16)] ^= static_cast<char>(1 + random.below(255));
    write_bytes(folder / "train-images-idx3-ubyte", damaged);
    REQUIRE_THROWS_AS(open_at("idx", folder.path()), core::UserError);
  }
}

TEST_CASE("idx dimensions whose product overflows are refused") {
  const TemporaryFolder folder;
  write_idx(folder.path());
  for (const std::vector<std::uint32_t>& shape :
       {std::vector<std::uint32_t>{0xffffffff, 0xffffffff, 0xffffffff},
        {0x80000000, 2, 0x80000000},
        {0, 2, 3}}) {
    write_bytes(folder / "train-images-idx3-ubyte", idx_bytes(shape, std::string(120, 'x')));
    CHECK_THROWS_WITH(open_at("idx", folder.path()), Contains("which cannot be"));
  }
}

TEST_CASE("idx files that do not fit each other are named") {
  const TemporaryFolder folder;
  write_idx(folder.path());
  write_bytes(folder / "train-labels-idx1-ubyte", labels(19));
  CHECK_THROWS_WITH(open_at("idx", folder.path()), Contains("has 19 labels"));
  std::filesystem::remove(folder / "train-labels-idx1-ubyte");
  CHECK_THROWS_WITH(open_at("idx", folder.path()), Contains("no train-labels-idx1-ubyte"));
}

}  // namespace vitlab::data
