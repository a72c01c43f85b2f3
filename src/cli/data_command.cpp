#include <algorithm>

#include "cli/command.h"
#include "cli/engine_commands.h"
#include "core/json_fields.h"
#include "core/text.h"
#include "data/dataset.h"

namespace vitlab::cli {

namespace {

/// Images of a class in each split.
struct ClassImages {
  std::string name;
  std::int64_t train = 0, validation = 0, test = 0;

  bool operator==(const ClassImages&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("class", &ClassImages::name),
                      core::required("train", &ClassImages::train),
                      core::required("validation", &ClassImages::validation),
                      core::required("test", &ClassImages::test)};
  }
};

struct Sides {
  std::int64_t width = 0, height = 0;

  bool operator==(const Sides&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("width", &Sides::width),
                      core::required("height", &Sides::height)};
  }
};

/// Sides of the images in pixels, in the order of their areas.
struct ImageSizes {
  Sides smallest, median, largest;

  bool operator==(const ImageSizes&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("smallest", &ImageSizes::smallest),
                      core::required("median", &ImageSizes::median),
                      core::required("largest", &ImageSizes::largest)};
  }
};

/// What `vitlab data` tells.
struct DataFacts {
  std::string data, fingerprint;
  messages::SplitSizes images;
  std::vector<ClassImages> classes;
  std::int64_t channels = 0;
  ImageSizes sizes;
  std::map<std::string, std::int64_t> formats;
  std::vector<double> mean, deviation;
  std::int64_t measured_images = 0;  // that mean and deviation are of
  Sides measured_size;               // at which they were prepared
  std::int64_t broken = 0;
  std::vector<std::string> notes;

  static constexpr auto fields() {
    return std::tuple{core::required("data", &DataFacts::data),
                      core::required("fingerprint", &DataFacts::fingerprint),
                      core::required("images", &DataFacts::images),
                      core::required("classes", &DataFacts::classes),
                      core::required("channels", &DataFacts::channels),
                      core::required("sizes", &DataFacts::sizes),
                      core::required("formats", &DataFacts::formats),
                      core::required("mean", &DataFacts::mean),
                      core::required("std", &DataFacts::deviation),
                      core::required("measured_images", &DataFacts::measured_images),
                      core::required("measured_size", &DataFacts::measured_size),
                      core::required("broken", &DataFacts::broken),
                      core::required("notes", &DataFacts::notes)};
  }
};

ImageSizes sizes_of(const data::Dataset& dataset) {
  std::vector<data::ImageSize> sizes = dataset.sizes();
  if (sizes.empty()) sizes.push_back(dataset.native_size());
  std::sort(sizes.begin(), sizes.end(),
            [](const auto& a, const auto& b) { return a.height * a.width < b.height * b.width; });
  const auto sides = [](const data::ImageSize& size) { return Sides{size.width, size.height}; };
  return {sides(sizes.front()), sides(sizes[sizes.size() / 2]), sides(sizes.back())};
}

DataFacts facts_of(const data::DataSpec& spec, const data::Dataset& dataset) {
  constexpr std::int64_t kMostMeasured = 1000;
  DataFacts facts;
  facts.data = data::canonical_text(spec);
  facts.fingerprint = dataset.fingerprint();
  facts.images = {dataset.size(data::Split::kTrain), dataset.size(data::Split::kValidation),
                  dataset.size(data::Split::kTest)};
  for (const std::string& name : dataset.class_names()) facts.classes.push_back({name});
  for (const data::SplitRow& split : data::kSplitRows)
    for (std::int64_t i = 0; i < dataset.size(split.value); ++i) {
      ClassImages& row = facts.classes[static_cast<std::size_t>(dataset.label(split.value, i))];
      ++(split.value == data::Split::kTrain        ? row.train
         : split.value == data::Split::kValidation ? row.validation
                                                   : row.test);
    }
  facts.channels = dataset.channels();
  facts.sizes = sizes_of(dataset);
  facts.formats = dataset.formats();
  data::ImageSize size = dataset.native_size();
  if (size == data::ImageSize{}) size = {224, 224};
  const auto [normalisation, used] = data::measured_normalisation(dataset, size, kMostMeasured);
  facts.mean = normalisation.mean;
  facts.deviation = normalisation.deviation;
  facts.measured_images = used;
  facts.measured_size = {size.width, size.height};
  facts.broken = static_cast<std::int64_t>(dataset.broken().size());
  facts.notes = dataset.notes();
  return facts;
}

std::string sides_text(const Sides& sides) {
  return std::to_string(sides.width) + " x " + std::to_string(sides.height);
}

std::string numbers_text(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : " ") + core::significant(value, 4);
  return text;
}

std::string text_of(const DataFacts& facts) {
  core::TextTable table({"class", "train", "validation", "test"});
  for (const ClassImages& row : facts.classes)
    table.add({core::printable(row.name), core::with_thousands(row.train),
               core::with_thousands(row.validation), core::with_thousands(row.test)});
  table.add({"all", core::with_thousands(facts.images.train),
             core::with_thousands(facts.images.validation),
             core::with_thousands(facts.images.test)});
  std::string text = table.str(output_width()) + "\n";
  text += "sizes    " + sides_text(facts.sizes.smallest) + " (smallest), " +
          sides_text(facts.sizes.median) + " (median), " + sides_text(facts.sizes.largest) +
          " (largest) pixels; " + std::to_string(facts.channels) + " channel(s)\n";
  std::string formats;
  for (const auto& [format, count] : facts.formats)
    formats += (formats.empty() ? "" : ", ") + format + " " + core::with_thousands(count);
  if (!formats.empty()) text += "formats  " + formats + "\n";
  text += "mean     " + numbers_text(facts.mean) + ", std " + numbers_text(facts.deviation) +
          " (of " + core::with_thousands(facts.measured_images) + " training images at " +
          sides_text(facts.measured_size) + ")\n";
  for (const std::string& note : facts.notes) text += "note     " + core::printable(note) + "\n";
  return text + "fingerprint " + facts.fingerprint + "\n";
}

}  // namespace

core::ExitCode run_data(const std::vector<std::string>& words) {
  std::string name;
  bool skip_broken = false, json = false;
  Arguments arguments("data", "Say what a data set holds and what is wrong with it.",
                      {"vitlab data folder:photos", "vitlab data digits --json"});
  arguments.positional("data", kDataHelp, name);
  arguments.flag("--skip-broken", kSkipBrokenHelp, skip_broken);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  const data::DataSpec spec = data::parse_data_spec(name);
  const auto dataset = data::open_dataset(spec, {.on_broken = data::skipping(skip_broken)});
  const DataFacts facts = facts_of(spec, *dataset);
  if (json)
    print_json(document_of("data", facts));
  else
    print_text(text_of(facts));
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
