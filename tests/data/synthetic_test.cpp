#include "data/synthetic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "data/dataset.h"
#include "test.hpp"

namespace vitlab::data {

namespace {

std::vector<float> drawn(const RingTask& task, std::int64_t image) {
  std::vector<float> out(static_cast<std::size_t>(3 * task.size * task.size));
  task.draw(image, out.data());
  return out;
}

/// The class by the rule alone: where is each colour's centre, and in which order do they follow
/// each other clockwise?
std::int64_t class_by_rule(const RingTask& task, const std::vector<float>& image) {
  const auto count = static_cast<std::size_t>(task.marks());
  std::vector<std::array<double, 3>> centres(count);  // weight, x, y
  const std::int64_t area = task.size * task.size;
  for (std::int64_t i = 0; i < area; ++i) {
    const auto channel = [&](std::int64_t c) {
      return image[static_cast<std::size_t>(c * area + i)];
    };
    for (std::size_t mark = 0; mark < count; ++mark) {
      const MarkColour colour = mark_colour(static_cast<int>(mark));
      const float distance = std::max({std::abs(channel(0) - 0.9F * colour.red),
                                       std::abs(channel(1) - 0.9F * colour.green),
                                       std::abs(channel(2) - 0.9F * colour.blue)});
      if (distance > 0.25F) continue;
      centres[mark][0] += 1;
      centres[mark][1] += static_cast<double>(i % task.size);
      centres[mark][2] += static_cast<double>(i / task.size);
    }
  }
  double middle_x = 0;
  double middle_y = 0;
  for (auto& centre : centres) {
    REQUIRE(centre[0] > 0);
    centre[1] /= centre[0];
    centre[2] /= centre[0];
    middle_x += centre[1] / static_cast<double>(count);
    middle_y += centre[2] / static_cast<double>(count);
  }
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  const auto angle = [&](int mark) {
    const auto& centre = centres[static_cast<std::size_t>(mark)];
    return std::atan2(centre[2] - middle_y, centre[1] - middle_x);
  };
  std::sort(order.begin(), order.end(), [&](int a, int b) { return angle(a) < angle(b); });
  std::rotate(order.begin(), std::find(order.begin(), order.end(), 0), order.end());
  for (std::int64_t label = 0; label < task.classes; ++label)
    if (task.order_of_class(label) == order) return label;
  return -1;
}

/// Means of the channels and counts of 4x4 patches by their mean colour, in 4 steps a channel:
/// what can be known without looking at two places at once.
std::vector<double> local_features(const RingTask& task, const std::vector<float>& image) {
  constexpr std::int64_t kPatch = 4;
  std::vector<double> features(3 + 64, 0.0);
  for (std::int64_t top = 0; top < task.size; top += kPatch) {
    for (std::int64_t left = 0; left < task.size; left += kPatch) {
      std::size_t bin = 0;
      for (std::int64_t c = 0; c < 3; ++c) {
        double sum = 0;
        for (std::int64_t y = top; y < top + kPatch; ++y)
          for (std::int64_t x = left; x < left + kPatch; ++x)
            sum += image[static_cast<std::size_t>((c * task.size + y) * task.size + x)];
        const double mean = sum / (kPatch * kPatch);
        features[static_cast<std::size_t>(c)] += mean;
        bin = bin * 4 + std::min<std::size_t>(3, static_cast<std::size_t>(mean * 4));
      }
      features[3 + bin] += 1;
    }
  }
  return features;
}

std::size_t best_class(const std::vector<std::vector<double>>& weights,
                       const std::vector<double>& features) {
  std::vector<double> scores;
  for (const auto& row : weights)
    scores.push_back(std::inner_product(row.begin(), row.end(), features.begin(), 0.0));
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

/// Softmax regression by gradient steps; returns its accuracy on the second part of the data.
double linear_accuracy(std::vector<std::vector<double>> features,
                       const std::vector<std::size_t>& labels, std::size_t classes,
                       std::size_t training) {
  const std::size_t width = features[0].size();
  for (std::size_t f = 0; f < width; ++f) {
    double mean = 0;
    double square = 0;
    for (std::size_t i = 0; i < training; ++i) {
      mean += features[i][f] / static_cast<double>(training);
      square += features[i][f] * features[i][f] / static_cast<double>(training);
    }
    const double deviation = std::sqrt(std::max(square - mean * mean, 1e-12));
    for (auto& row : features) row[f] = deviation < 1e-5 ? 0 : (row[f] - mean) / deviation;
  }
  for (auto& row : features) row.push_back(1);
  std::vector<std::vector<double>> weights(classes, std::vector<double>(width + 1, 0.0));
  for (int step = 0; step < 100; ++step) {
    std::vector<std::vector<double>> gradient(classes, std::vector<double>(width + 1, 0.0));
    for (std::size_t i = 0; i < training; ++i) {
      std::vector<double> chance(classes);
      double sum = 0;
      for (std::size_t k = 0; k < classes; ++k)
        sum += chance[k] = std::exp(
            std::inner_product(weights[k].begin(), weights[k].end(), features[i].begin(), 0.0));
      for (std::size_t k = 0; k < classes; ++k) {
        const double error = (k == labels[i] ? 1.0 : 0.0) - chance[k] / sum;
        for (std::size_t f = 0; f <= width; ++f) gradient[k][f] += error * features[i][f];
      }
    }
    for (std::size_t k = 0; k < classes; ++k)
      for (std::size_t f = 0; f <= width; ++f)
        weights[k][f] += 0.2 * gradient[k][f] / static_cast<double>(training);
  }
  double right = 0;
  for (std::size_t i = training; i < features.size(); ++i)
    right += best_class(weights, features[i]) == labels[i] ? 1 : 0;
  return right / static_cast<double>(features.size() - training);
}

}  // namespace

TEST_CASE("every number of classes has an order of marks of its own") {
  for (const std::int64_t classes : {2, 3, 6, 7, 24, 25, 64, 120}) {
    const RingTask task{.classes = classes, .size = 16};
    std::set<std::vector<int>> orders;
    for (std::int64_t label = 0; label < classes; ++label) {
      const std::vector<int> order = task.order_of_class(label);
      CHECK(order[0] == 0);
      orders.insert(order);
    }
    CHECK(static_cast<std::int64_t>(orders.size()) == classes);
  }
  CHECK(RingTask{.classes = 2}.marks() == 3);
  CHECK(RingTask{.classes = 3}.marks() == 4);
  CHECK(RingTask{.classes = 10}.marks() == 5);
  CHECK(RingTask{.classes = 64}.marks() == 6);
}

TEST_CASE("the rule finds the class of every synthetic image") {
  for (const auto& [classes, size] :
       {std::pair{2, 16}, {10, 32}, {10, 64}, {24, 48}, {64, 64}, {120, 224}}) {
    const RingTask task{.classes = classes, .size = size, .seed = 3};
    int wrong = 0;
    for (std::int64_t image = 0; image < 60; ++image)
      wrong += class_by_rule(task, drawn(task, image)) == task.label_of(image) ? 0 : 1;
    INFO(classes << " classes, size " << size);
    CHECK(wrong == 0);
  }
}

TEST_CASE("local statistics of a synthetic image do not tell its class") {
  for (const std::int64_t classes : {2, 6}) {
    const RingTask task{.classes = classes, .size = 32};
    constexpr std::size_t kImages = 3600;
    std::vector<std::vector<double>> features;
    std::vector<std::size_t> labels;
    for (std::size_t i = 0; i < kImages; ++i) {
      const auto image = static_cast<std::int64_t>(i);
      features.push_back(local_features(task, drawn(task, image)));
      labels.push_back(static_cast<std::size_t>(task.label_of(image)));
    }
    const double chance = 1.0 / static_cast<double>(classes);
    const double deviation = std::sqrt(chance * (1 - chance) / (kImages / 2.0));
    const double accuracy =
        linear_accuracy(features, labels, static_cast<std::size_t>(classes), kImages / 2);
    INFO(classes << " classes: accuracy " << accuracy);
    CHECK(accuracy < chance + 4 * deviation);

    // The same classifier does find a class that one mark would tell.
    for (std::size_t i = 0; i < kImages; ++i)
      features[i][0] += 3.0 * static_cast<double>(labels[i]);
    CHECK(linear_accuracy(features, labels, static_cast<std::size_t>(classes), kImages / 2) >
          chance + 0.2);
  }
}

TEST_CASE("each class has the same mean image, so no single place tells it") {
  const RingTask task{.classes = 2, .size = 16};
  constexpr std::int64_t kImages = 12'000;
  std::array<std::vector<double>, 2> means{std::vector<double>(768, 0.0),
                                           std::vector<double>(768, 0.0)};
  for (std::int64_t image = 0; image < kImages; ++image) {
    auto& mean = means[static_cast<std::size_t>(task.label_of(image))];
    const auto out = drawn(task, image);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += out[i] / (kImages / 2.0);
  }
  double greatest = 0;
  for (std::size_t i = 0; i < 768; ++i)
    greatest = std::max(greatest, std::abs(means[0][i] - means[1][i]));
  // A sample's deviation is at most 0.5, so that of a difference of means is below 0.01.
  CHECK(greatest < 0.05);
}

TEST_CASE("a synthetic image hangs on its number and seed alone and stays in [0, 1]") {
  const RingTask task{.classes = 10, .size = 24, .seed = 5};
  CHECK(drawn(task, 7) == drawn(task, 7));
  CHECK(drawn(task, 7) != drawn(task, 17));  // the same class
  CHECK(drawn(task, 7) != drawn({.classes = 10, .size = 24, .seed = 6}, 7));
  for (std::int64_t image = 0; image < 50; ++image)
    for (const float sample : drawn(task, image)) REQUIRE((sample >= 0 && sample <= 1));
}

TEST_CASE("the synthetic set splits 70/15/15 and never shows an image in two splits") {
  const auto set = open_dataset(parse_data_spec("synthetic:classes=4,size=16,count=200"));
  CHECK(set->size(Split::kTrain) == 140);
  CHECK(set->size(Split::kValidation) == 30);
  CHECK(set->size(Split::kTest) == 30);
  CHECK_FALSE(set->horizontal_flip_makes_sense());
  std::set<std::vector<float>> images;
  std::vector<float> image(768);
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kTest}) {
    for (std::int64_t i = 0; i < set->size(split); ++i) {
      CHECK(set->load(split, i, {16, 16}, image.data()) == set->label(split, i));
      images.insert(image);
    }
  }
  CHECK(images.size() == 200);
}

TEST_CASE("every option of the synthetic set is in its fingerprint, the spelling is not") {
  std::set<std::string> seen;
  for (const char* text :
       {"synthetic", "synthetic:classes=9", "synthetic:size=32", "synthetic:count=4000",
        "synthetic:seed=1", "synthetic:validation=0.1", "synthetic:test=0.1"})
    seen.insert(open_dataset(parse_data_spec(text))->fingerprint());
  CHECK(seen.size() == 7);
  CHECK(open_dataset(parse_data_spec("synthetic:validation=0.15,seed=0"))->fingerprint() ==
        open_dataset(parse_data_spec("synthetic"))->fingerprint());
}

TEST_CASE("the synthetic constants normalise the usual set to about mean 0 and deviation 1") {
  const auto set = open_dataset(parse_data_spec("synthetic:count=400"));
  const architecture::Normalisation& by = set->preprocessing();
  std::array<double, 3> sum{};
  std::array<double, 3> squares{};
  std::vector<float> image(3 * 64 * 64);
  for (std::int64_t n = 0; n < set->size(Split::kTrain); ++n) {
    set->load(Split::kTrain, n, {64, 64}, image.data());
    for (std::size_t i = 0; i < image.size(); ++i) {
      const std::size_t c = i / 4096;
      const double value = (image[i] - by.mean[c]) / by.deviation[c];
      sum[c] += value;
      squares[c] += value * value;
    }
  }
  const double count = 4096.0 * static_cast<double>(set->size(Split::kTrain));
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK(sum[c] / count == Approx(0).margin(0.1));
    CHECK(std::sqrt(squares[c] / count) == Approx(1).margin(0.1));
  }
}

}  // namespace vitlab::data
