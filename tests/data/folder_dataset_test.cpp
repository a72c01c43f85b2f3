#include <fstream>
#include <set>

#include <sys/stat.h>

#include "core/error.h"
#include "data/dataset.h"
#include "data/decode.h"
#include "image_files.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::data {

using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

/// `count` images of one class, half of them JPEG.
void write_class(const fs::path& folder, int count, std::uint8_t red) {
  for (int i = 0; i < count; ++i) {
    const Image image = plain_image(12, 10, red, static_cast<std::uint8_t>(i), 7);
    const std::string name = std::to_string(i);
    if (i % 2 == 0) write_bytes(folder / (name + ".png"), png_bytes(image));
    if (i % 2 == 1) write_bytes(folder / (name + ".JPG"), jpeg_bytes(image));
  }
}

std::unique_ptr<Dataset> open_at(const fs::path& folder, const std::string& options = "",
                                 OnBroken on_broken = OnBroken::kRefuse) {
  return open_dataset(parse_data_spec("folder:" + folder.string() + options),
                      {.on_broken = on_broken});
}

std::int64_t total(const Dataset& set) {
  return set.size(Split::kTrain) + set.size(Split::kValidation) + set.size(Split::kTest);
}

}  // namespace

TEST_CASE("class folders are split by seed, class by class, each image once") {
  const TemporaryFolder folder;
  write_class(folder / "cat", 20, 200);
  write_class(folder / "ant", 40, 100);
  const auto set = open_at(folder.path());
  CHECK(set->class_names() == std::vector<std::string>{"ant", "cat"});
  CHECK(set->size(Split::kTest) == 9);
  CHECK(set->size(Split::kValidation) == 9);
  CHECK(total(*set) == 60);
  std::vector<float> image(3);
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kTest}) {
    std::set<std::int64_t> labels;
    for (std::int64_t i = 0; i < set->size(split); ++i) {
      const std::int64_t label = set->load(split, i, {1, 1}, image.data());
      labels.insert(label);
      REQUIRE(image[0] == Approx((label == 0 ? 100 : 200) / 255.0).margin(0.02));
    }
    CHECK(labels.size() == 2);
  }
}

TEST_CASE("a folder's fingerprint follows content, names and split, not its place") {
  const TemporaryFolder first;
  const TemporaryFolder second;
  for (const auto& folder : {first.path(), second.path()}) {
    write_class(folder / "a", 4, 10);
    write_class(folder / "b", 4, 20);
  }
  const std::string before = open_at(first.path())->fingerprint();
  CHECK(open_at(second.path())->fingerprint() == before);
  CHECK(open_at(first.path(), ",seed=1")->fingerprint() != before);
  CHECK(open_at(first.path(), ",validation=0.3")->fingerprint() != before);
  write_bytes(second / "notes.txt", "no image");
  CHECK(open_at(second.path())->fingerprint() == before);
  fs::rename(second / "a/0.png", second / "a/9.png");
  CHECK(open_at(second.path())->fingerprint() != before);
  write_bytes(first / "b/0.png", png_bytes(plain_image(3, 3, 1, 2, 3)));
  CHECK(open_at(first.path())->fingerprint() != before);
}

TEST_CASE("train, val and test folders are taken as they are") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"}) {
    write_class(folder.path() / "train" / name, 6, 10);
    write_class(folder.path() / "val" / name, 4, 20);
    write_class(folder.path() / "test" / name, 3, 30);
  }
  const auto set = open_at(folder.path());
  CHECK(set->size(Split::kTrain) == 12);
  CHECK(set->size(Split::kValidation) == 8);
  CHECK(set->size(Split::kTest) == 6);
  CHECK(set->notes().empty());
  CHECK_THROWS_WITH(open_at(folder.path(), ",test=0.1"), Contains("has its own split"));
}

TEST_CASE("without test/, val/ serves as both and says so, or as test beside a held-out part") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"}) {
    write_class(folder.path() / "train" / name, 10, 10);
    write_class(folder.path() / "val" / name, 4, 20);
  }
  const auto both = open_at(folder.path());
  CHECK(both->size(Split::kTrain) == 20);
  CHECK(both->size(Split::kValidation) == 8);
  CHECK(both->size(Split::kTest) == 8);
  REQUIRE(both->notes().size() == 1);
  CHECK_THAT(both->notes()[0], Contains("serves as validation and as test"));

  const auto held = open_at(folder.path(), ",validation=0.2");
  CHECK(held->size(Split::kTrain) == 16);
  CHECK(held->size(Split::kValidation) == 4);
  CHECK(held->size(Split::kTest) == 8);
  CHECK(held->fingerprint() != both->fingerprint());

  fs::remove_all(folder / "val");
  CHECK_THROWS_WITH(open_at(folder.path()), Contains("neither val/ nor test/"));
}

TEST_CASE("a class of val/ that train/ lacks is named") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"}) write_class(folder.path() / "train" / name, 2, 10);
  for (const char* name : {"a", "dog"}) write_class(folder.path() / "val" / name, 2, 10);
  CHECK_THROWS_WITH(open_at(folder.path()), Contains("class 'dog' has no folder in"));
}

TEST_CASE("a broken image is refused by name, or skipped and listed once with its reason") {
  const TemporaryFolder folder;
  write_class(folder / "a", 10, 10);
  write_class(folder / "b", 10, 20);
  const std::string png = png_bytes(noise_image(6, 6));
  write_bytes(folder / "a/cut.png", png.substr(0, png.size() / 2));
  write_bytes(folder / "b/text.jpg", "hello");
  CHECK_THROWS_AS(open_at(folder.path()), core::UserError);
  CHECK_THROWS_WITH(open_at(folder.path()), Contains((folder / "a/cut.png").string()) &&
                                                Contains("is cut short (PNG)") &&
                                                Contains("2 broken images"));
  const auto set = open_at(folder.path(), "", OnBroken::kSkip);
  CHECK(set->broken() ==
        std::vector<BrokenFile>{{"a/cut.png", "is cut short (PNG)"},
                                {"b/text.jpg", "is neither JPEG nor PNG nor WebP"}});
  CHECK(total(*set) == 20);
}

TEST_CASE("a class whose images are all broken is an error even when broken images are skipped") {
  const TemporaryFolder folder;
  write_class(folder / "a", 3, 10);
  write_bytes(folder / "b/x.png", "");
  CHECK_THROWS_WITH(open_at(folder.path(), "", OnBroken::kSkip),
                    Contains("class 'b' has no training image left"));
}

TEST_CASE("hidden and unknown files, pipes and circular links are ignored with a count") {
  const TemporaryFolder folder;
  write_class(folder / "a", 3, 10);
  write_class(folder / "b", 3, 10);
  write_class(folder / "b/deeper", 2, 10);
  write_bytes(folder / "a/.hidden.png", "x");
  write_bytes(folder / "a/readme.txt", "x");
  REQUIRE(mkfifo((folder / "a/pipe.png").c_str(), 0600) == 0);
  fs::create_directory_symlink(folder.path(), folder / "a/up");
  fs::create_directory_symlink(folder / "b", folder / "b/again");
  fs::create_symlink("nowhere.png", folder / "b/dangling.png");
  write_bytes(folder / "a/@eaDir/0.png/thumb.jpg", "x");
  write_bytes(folder / "b/scan.TIF", "x");
  write_class(folder / "__MACOSX/a", 2, 10);
  const auto set = open_at(folder.path());
  CHECK(set->class_names().size() == 2);
  CHECK(set->broken().empty());
  std::string notes;
  for (const std::string& note : set->notes()) notes += note + "\n";
  CHECK_THAT(notes, Contains("were passed over by their endings: .tif (2), .txt (1)"));
  CHECK_THAT(notes, Contains("hidden, system, broken or circular entries were passed over"));
}

TEST_CASE("splits may be called as others call them, and are never classes") {
  for (const auto& [train, val, test] : {std::tuple{"train", "valid", "test"},
                                         {"Training", "Validation", "Testing"},
                                         {"TRAIN", "VAL", "Test"}}) {
    const TemporaryFolder folder;
    for (const char* name : {"a", "b"}) {
      write_class(folder.path() / train / name, 5, 10);
      write_class(folder.path() / val / name, 4, 20);
      write_class(folder.path() / test / name, 3, 30);
    }
    const auto set = open_at(folder.path());
    CHECK(set->size(Split::kTrain) == 10);
    CHECK(set->size(Split::kValidation) == 8);
    CHECK(set->size(Split::kTest) == 6);
    write_class(folder.path() / "unlabelled" / "x", 2, 40);
    CHECK_THAT(open_at(folder.path())->notes(),
               Catch::VectorContains(
                   std::string("folders beside the splits that are not used: unlabelled")));
    fs::remove_all(folder.path() / train);
    CHECK_THROWS_WITH(open_at(folder.path()), Contains("but no train/") && Contains(val));
  }
  const TemporaryFolder twice;
  for (const char* part : {"train", "val", "valid"}) write_class(twice.path() / part / "a", 2, 10);
  CHECK_THROWS_WITH(open_at(twice.path()), Contains("val/ and valid/ are the same split"));
}

TEST_CASE("a class may lack images in a split, but for training, and that is said") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b", "c"}) {
    write_class(folder.path() / "train" / name, 4, 10);
    if (*name != 'b') write_class(folder.path() / "val" / name, 2, 20);
  }
  const auto missing = open_at(folder.path());
  fs::create_directories(folder / "val/b");
  const auto empty = open_at(folder.path());
  CHECK(empty->fingerprint() == missing->fingerprint());
  for (const auto* set : {&missing, &empty})
    CHECK_THAT((*set)->notes(),
               Catch::VectorContains(std::string("1 of 3 classes have no test image: b")));
  fs::create_directories(folder / "train/d");
  CHECK_THROWS_WITH(open_at(folder.path()), Contains("d: this class folder holds no image"));
}

TEST_CASE("of a handful of images one a class is tested, and the option for more is named") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b", "c"}) write_class(folder / name, 3, 10);
  const auto set = open_at(folder.path());
  CHECK(set->size(Split::kTest) == 3);
  CHECK(set->size(Split::kTrain) == 6);
  std::set<std::int64_t> labels;
  for (std::int64_t i = 0; i < 3; ++i) labels.insert(set->label(Split::kTest, i));
  CHECK(labels.size() == 3);
  REQUIRE_FALSE(set->notes().empty());
  CHECK_THAT(set->notes()[0], Contains("test=0.34"));
  CHECK(open_at(folder.path(), ",test=0.34,validation=0.34")->size(Split::kValidation) == 3);
  CHECK(open_at(folder.path(), ",test=0")->size(Split::kTest) == 0);
  const TemporaryFolder fewer;
  for (const char* name : {"a", "b"}) write_class(fewer / name, 2, 10);
  REQUIRE_FALSE(open_at(fewer.path())->notes().empty());
  CHECK_THAT(open_at(fewer.path())->notes()[0], Contains("test=0.34"));
}

TEST_CASE("the same image in training and test is told") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"}) {
    const auto red = static_cast<std::uint8_t>(*name);
    write_class(folder.path() / "train" / name, 4, red);
    write_class(folder.path() / "val" / name, 3, static_cast<std::uint8_t>(red + 25));
    write_class(folder.path() / "test" / name, 3, static_cast<std::uint8_t>(red + 50));
  }
  CHECK(open_at(folder.path())->notes().empty());
  fs::copy_file(folder / "train/a/2.png", folder / "test/b/copy.png");
  CHECK_THAT(open_at(folder.path())->notes(),
             Catch::VectorContains(std::string("1 test image stands in the training split too: "
                                               "train/a/2.png and test/b/copy.png")));
}

TEST_CASE("wrong layouts say what was expected") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(open_at(folder / "missing"), Contains("missing: cannot list this folder"));
  CHECK_THROWS_WITH(open_at(folder.path()), Contains("holds 0 class folders, two are the least") &&
                                                Contains("expected PATH/<class>/<image>.jpg"));
  write_class(folder / "a", 2, 10);
  CHECK_THROWS_WITH(open_at(folder.path()), Contains("holds 1 class folder,"));
  fs::create_directories(folder / "empty");
  CHECK_THROWS_WITH(open_at(folder.path()), Contains("empty: this class folder holds no image"));
}

TEST_CASE("an image that changed after opening is named when it is loaded") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"})
    for (const char* part : {"train", "val"}) write_class(folder.path() / part / name, 1, 10);
  const auto set = open_at(folder.path());
  write_bytes(folder / "train/a/0.png", "gone");
  std::vector<float> image(3);
  CHECK_THROWS_WITH(set->load(Split::kTrain, 0, {1, 1}, image.data()),
                    Contains("train/a/0.png") && Contains("has changed since"));
}

TEST_CASE("a large JPEG decoded smaller looks as one decoded whole") {
  const TemporaryFolder folder;
  Image image{{256, 256}, {}};
  for (int y = 0; y < 256; ++y)
    for (int x = 0; x < 256; ++x)
      for (const int value : {x, y, (x + y) / 2})
        image.pixels.push_back(static_cast<std::uint8_t>(value));
  for (const char* name : {"a", "b"})
    for (const char* part : {"train", "val"})
      write_bytes(folder.path() / part / name / "x.jpg", jpeg_bytes(image));
  const auto set = open_at(folder.path());
  const ImageSize wanted{16, 16};
  std::vector<float> fast(768);
  std::vector<float> exact(768);
  set->load(Split::kTrain, 0, wanted, fast.data());
  resize(view_of(image), crop_of(set->preprocessing(), image.size, wanted), wanted, exact.data());
  for (std::size_t i = 0; i < fast.size(); ++i) REQUIRE(fast[i] == Approx(exact[i]).margin(0.015));
}

TEST_CASE("a remembered check is used until the file changes") {
  const TemporaryFolder folder;
  const TemporaryFolder cache;
  write_class(folder / "a", 4, 10);
  write_class(folder / "b", 4, 20);
  const DataSpec spec = parse_data_spec("folder:" + folder.path().string());
  const OpenOptions options{.cache_folder = cache.path(), .least_bytes_to_cache = 0};
  const std::string before = open_dataset(spec, options)->fingerprint();
  CHECK(before == open_at(folder.path())->fingerprint());

  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(cache.path()))
    if (entry.is_regular_file()) files.push_back(entry.path());
  REQUIRE(files.size() == 1);
  std::string text;
  {
    std::ifstream stream(files[0]);
    text.assign(std::istreambuf_iterator<char>(stream), {});
  }
  // A remembered hash that is another shows that files are not read again.
  std::string other = text;
  const std::size_t hash = other.find('\n') + 1;
  other.replace(hash, 64, std::string(64, '0'));
  write_bytes(files[0], other);
  CHECK(open_dataset(spec, options)->fingerprint() != before);

  write_bytes(files[0], text.substr(0, text.size() / 2) + "\nrubbish\n1 2 3\n");
  CHECK(open_dataset(spec, options)->fingerprint() == before);
  write_bytes(folder / "a/0.png", png_bytes(plain_image(12, 10, 11, 0, 7)));
  const std::string changed = open_dataset(spec, options)->fingerprint();
  CHECK(changed != before);
  CHECK(changed == open_at(folder.path())->fingerprint());
}

}  // namespace vitlab::data
