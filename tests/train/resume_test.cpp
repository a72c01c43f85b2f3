#include <fstream>

#include "core/error.h"
#include "temporary_folder.h"
#include "test.hpp"
#include "tiny_training.h"
#include "train/checkpoint.h"

namespace vitlab::train {

namespace fs = std::filesystem;

namespace {

struct Killed {};

/// Trains until `step` and drops dead there, as a process does: nothing is cleaned up or saved.
void train_and_die(const TrainRequest& request, graph::Index step) {
  const auto die = [step](const TrainStep& now) {
    if (now.step == step) throw Killed{};
  };
  CHECK_THROWS_AS(train(request, die), Killed);
}

std::vector<fs::path> files_in(const fs::path& folder, const std::string& extension) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == extension) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

void flip_a_byte(const fs::path& path, std::streamoff offset_from_end) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-offset_from_end, std::ios::end);
  const int byte = file.get();
  file.seekp(-offset_from_end, std::ios::end);
  file.put(static_cast<char>(byte ^ 1));
}

/// The first step that a training sees, which tells where it went on from.
graph::Index first_step(const TrainRequest& request) {
  graph::Index first = 0;
  const auto look = [&](const TrainStep& now) {
    first = now.step;
    throw Killed{};
  };
  CHECK_THROWS_AS(train(request, look), Killed);
  return first;
}

}  // namespace

TEST_CASE("a training that was killed anywhere ends with the bytes of one that was not") {
  const TrainResult whole = train(tiny_request());
  for (const double checkpoint_seconds : {300.0, 0.0}) {
    TemporaryFolder folder;
    TrainRequest request = tiny_request();
    request.checkpoint_folder = folder / "checkpoints";
    request.checkpoint_seconds = checkpoint_seconds;
    for (const graph::Index step : {1, 8, 12, 13, 18}) train_and_die(request, step);
    CHECK(are_same(whole, train(request)));
    CHECK_FALSE(fs::exists(request.checkpoint_folder));
  }
}

TEST_CASE("an interrupted training loses no step") {
  const TrainResult whole = train(tiny_request());
  TemporaryFolder folder;
  TrainRequest request = tiny_request();
  request.checkpoint_folder = folder.path();
  for (const graph::Index step : {2, 6, 9}) {
    const auto interrupt = [step](const TrainStep& now) {
      if (now.step == step) throw core::Interrupted("stop");
    };
    CHECK_THROWS_AS(train(request, interrupt), core::Interrupted);
  }
  CHECK(first_step(request) == 10);
  CHECK(are_same(whole, train(request)));
}

TEST_CASE("two checkpoints are kept, and a damaged one falls back to the one before") {
  const TrainResult whole = train(tiny_request());
  for (const std::string extension : {".safetensors", ".json"}) {
    TemporaryFolder folder;
    TrainRequest request = tiny_request();
    request.checkpoint_folder = folder.path();
    train_and_die(request, 13);  // checkpoints stand behind steps 6 and 12
    const std::vector<fs::path> files = files_in(folder.path(), extension);
    REQUIRE(files.size() == 2);
    REQUIRE(first_step(request) == 13);
    flip_a_byte(files.back(), 40);
    CHECK(first_step(request) == 7);
    const TrainResult result = train(request);
    CHECK(are_same(whole, result));
    CHECK(std::any_of(result.notes.begin(), result.notes.end(), [](const std::string& note) {
      return note.find("step 12 was passed over") != std::string::npos;
    }));
  }
}

TEST_CASE("a half-written checkpoint is passed over, and without a good one training starts anew") {
  TemporaryFolder folder;
  TrainRequest request = tiny_request();
  request.checkpoint_folder = folder.path();
  train_and_die(request, 13);
  for (const fs::path& path : files_in(folder.path(), ".json")) fs::resize_file(path, 100);
  CHECK(first_step(request) == 1);
}

TEST_CASE("checkpoints of another training are refused, and dropped when resuming is not wanted") {
  TemporaryFolder folder;
  TrainRequest request = tiny_request();
  request.checkpoint_folder = folder.path();
  train_and_die(request, 7);
  TrainRequest other = request;
  other.recipe.weight_decay = 0.5;
  CHECK_THROWS_WITH(train(other), Catch::Contains("another training"));
  other.resumes = false;
  CHECK(first_step(other) == 1);
}

}  // namespace vitlab::train
