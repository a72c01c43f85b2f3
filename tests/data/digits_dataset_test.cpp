#include <fstream>
#include <iterator>

#include "data/dataset.h"
#include "data/embedded.h"
#include "test.hpp"

namespace vitlab::data {

TEST_CASE("the embedded digits are the file's bytes") {
  std::ifstream file(std::string(VITLAB_SOURCE_DIR) + "/configs/data/digits/digits.csv.gz",
                     std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  CHECK(!bytes.empty());
  CHECK(bytes == digits_csv_gz());
}

TEST_CASE("digits split into 1,077 training, 360 validation and 360 test images") {
  const auto digits = open_dataset(parse_data_spec("digits"));
  CHECK(digits->size(Split::kTrain) == 1077);
  CHECK(digits->size(Split::kValidation) == 360);
  CHECK(digits->size(Split::kTest) == 360);
  CHECK(digits->classes() == 10);
  CHECK(digits->channels() == 1);
  CHECK(digits->native_size() == ImageSize{8, 8});
  CHECK_FALSE(digits->horizontal_flip_makes_sense());
}

TEST_CASE("the first test image is row 0 of the file, a zero") {
  const auto digits = open_dataset(parse_data_spec("digits"));
  std::vector<float> image(64);
  CHECK(digits->load(Split::kTest, 0, {8, 8}, image.data()) == 0);
  const std::vector<int> row{0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0};
  for (std::size_t i = 0; i < row.size(); ++i) CHECK(image[i] == Approx(row[i] / 16.0));
  CHECK(digits->label(Split::kValidation, 0) == 1);  // row 1
  CHECK(digits->label(Split::kTrain, 0) == 2);       // row 2
}

TEST_CASE("normalised training digits have mean 0 and deviation 1") {
  const auto digits = open_dataset(parse_data_spec("digits"));
  const architecture::Normalisation& by = digits->preprocessing();
  double sum = 0;
  double squares = 0;
  std::vector<float> image(64);
  for (std::int64_t i = 0; i < digits->size(Split::kTrain); ++i) {
    digits->load(Split::kTrain, i, {8, 8}, image.data());
    for (const float sample : image) {
      const double value = (sample - by.mean[0]) / by.deviation[0];
      sum += value;
      squares += value * value;
    }
  }
  const double count = 64.0 * static_cast<double>(digits->size(Split::kTrain));
  CHECK(sum / count == Approx(0).margin(1e-5));
  CHECK(squares / count == Approx(1).margin(1e-5));
}

TEST_CASE("the digits' fingerprint never changes") {
  CHECK(open_dataset(parse_data_spec("digits"))->fingerprint() ==
        "799c3ae66dd705bde536c676676bb3d6b764fe4a5e1ef321ccdd0c4ac0e165ca");
}

}  // namespace vitlab::data
