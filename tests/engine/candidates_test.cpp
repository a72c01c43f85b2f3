#include "engine/candidates.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "architecture/presets.h"
#include "engine/file_runs.h"
#include "profile/measure.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::engine {

namespace {

namespace fs = std::filesystem;

/// A variable of the environment until the end of the scope.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    const char* before = std::getenv(name);
    if (before != nullptr) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_)
      setenv(name_, before_->c_str(), 1);
    else
      unsetenv(name_);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

ModelToTime tiny() {
  const core::Json knobs = core::Json::parse(
      R"({"template": "efficientvit", "image_size": 32, "classes": 10, "stem_stride": 4,
          "heads": 2, "qk_dim": 4, "kernels": [3, 3], "widths": [24, 32, 48]})");
  return model_to_time("tiny", architecture::expand_knobs(knobs, "test"));
}

sweep::Protocol protocol_of(sweep::Runtime runtime, graph::Index batch = 3) {
  sweep::Protocol protocol;
  protocol.runtime = runtime;
  protocol.batch = batch;
  protocol.warmup_seconds = 0;
  protocol.timed_seconds = 0.02;
  protocol.rounds = 2;
  return protocol;
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// A program in place of Python.
fs::path script(const TemporaryFolder& folder, const std::string& text) {
  const fs::path path = folder / "python";
  std::ofstream(path) << "#!/bin/sh\n" << text;
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

}  // namespace

TEST_CASE("TorchScript is measured beside the own executor once its logits are right") {
  const TemporaryFolder scratch;
  const Variable folder("TMPDIR", scratch.path().string());
  const ModelToTime model = tiny();
  std::vector<profile::Candidate> candidates;
  for (const bool deploy : {true, false})
    for (const auto runtime : {sweep::Runtime::kLibtorch, sweep::Runtime::kTorchscript}) {
      sweep::Protocol protocol = protocol_of(runtime);
      protocol.deploy = deploy;
      candidates.push_back(model_candidate(model, protocol));
    }
  const profile::Measurement measured = profile::measure_interleaved(candidates, 0);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const messages::SpeedRow row = profile::speed_row(measured, i);
    CHECK(row.latency_ms);
    CHECK(row.runtime == sweep::runtime_label(candidates[i].protocol));
    if (candidates[i].protocol.runtime == sweep::Runtime::kLibtorch) continue;
    CHECK(row.difference.relative.value() < 1e-4);
    CHECK_THAT(row.version.value(), Catch::StartsWith("libtorch "));
  }
  CHECK(entries(scratch.path()) == 0);
}

TEST_CASE("a file that computes something else is not timed") {
  FileToRun file;
  file.expected = [](const at::Tensor&) { return at::ones({2, 3}); };
  const at::Tensor images;
  CHECK(checked_difference(file, images, at::full({2, 3}, 1.0005)) == Approx(0.0005).epsilon(0.01));
  CHECK_THROWS_WITH(checked_difference(file, images, at::full({2, 3}, 1.01)),
                    Catch::Contains("not timed: its logits differ from vitlab's by 0.01 "));
  CHECK_THROWS_WITH(checked_difference(file, images, at::ones({2, 4})),
                    Catch::Contains("another shape"));
  CHECK_THROWS_AS(checked_difference(file, images, at::full({2, 3}, NAN)), core::Failure);
  file.expected = nullptr;
  CHECK_FALSE(checked_difference(file, images, at::ones({2, 3})));
}

TEST_CASE("what ONNX Runtime lacks is said with the remedy; a dead worker is one failed row") {
  const TemporaryFolder folder, scratch;
  const Variable temporary("TMPDIR", scratch.path().string());
  const ModelToTime model = tiny();
  const std::vector<profile::Candidate> candidates{
      model_candidate(model, protocol_of(sweep::Runtime::kOnnxruntime)),
      model_candidate(model, protocol_of(sweep::Runtime::kLibtorch))};
  {
    const Variable python("VITLAB_PYTHON", (folder / "nowhere").string());
    CHECK_THROWS_WITH(candidates[0].open(),
                      Catch::Contains("cannot be started") && Catch::Contains("VITLAB_PYTHON"));
    CHECK_THROWS_AS(profile::measure_interleaved(candidates, 1), core::CapabilityError);
  }
  {
    const Variable python(
        "VITLAB_PYTHON", script(folder, "echo \"missing No module named 'onnxruntime'\"").string());
    CHECK_THROWS_WITH(candidates[0].open(), Catch::Contains("No module named 'onnxruntime'") &&
                                                Catch::Contains("-m pip install onnxruntime"));
    CHECK_THROWS_AS(candidates[0].open(), core::CapabilityError);
  }
  {
    const Variable python("VITLAB_PYTHON",
                          script(folder, "echo 'Segmentation fault' >&2; exit 139\n").string());
    const profile::Measurement measured = profile::measure_interleaved(candidates, 1);
    REQUIRE(measured.models[0].turns.failed);
    CHECK_THAT(*measured.models[0].turns.failed,
               Catch::Contains("ended early: Segmentation fault"));
    CHECK(measured.models[1].has_speed());
    CHECK(profile::speed_row(measured, 0).failed == measured.models[0].turns.failed);
  }
  {
    const Variable python("VITLAB_PYTHON", script(folder, "echo memory bad_alloc\n").string());
    CHECK(profile::measure_interleaved(candidates, 1).models[0].turns.out_of_memory ==
          "batch 3: the program got no more memory");
  }
  CHECK(entries(scratch.path()) == 0);
}

TEST_CASE("files are measured as they are, or refused with what they lack") {
  const TemporaryFolder folder;
  const auto file = [&](const std::string& name, const std::string& content) {
    std::ofstream(folder / name, std::ios::binary) << content;
    return (folder / name).string();
  };
  CHECK_THROWS_WITH(file_candidate("x", (folder / "none.pt2").string(), 0, {}),
                    Catch::Contains("cannot read"));
  CHECK_THROWS_WITH(file_candidate("x", file("x.bin", "x"), 0, {}),
                    Catch::Contains("no file that is measured"));
  const profile::Candidate program =
      file_candidate("p", file("p.pt2", "PK models/model.json"), 32, {});
  CHECK(program.protocol.runtime == sweep::Runtime::kPt2);
  CHECK_THROWS_WITH(program.open(), Catch::Contains("is not compiled") &&
                                        Catch::Contains("aoti_compile_and_package"));
  CHECK_THROWS_AS(program.open(), core::UserError);
  const profile::Candidate broken =
      file_candidate("b", file("b.pt2", "PK data/aotinductor/model/x.so"), 32, {});
  CHECK_THROWS_AS(broken.open(), core::Failure);
  const profile::Candidate script = file_candidate("s", file("s.pt", "no archive"), 32, {});
  CHECK_THROWS_WITH(script.open(), Catch::Contains("s.pt: "));
  CHECK_THROWS_AS(model_candidate(tiny(), protocol_of(sweep::Runtime::kPt2)), core::UserError);
}

TEST_CASE("candidates of one model share its weights, each under its own protocol") {
  messages::MeasureCandidate wanted;
  wanted.name = "a";
  wanted.spec = tiny().spec;
  wanted.protocol.batch = 2;
  std::vector<messages::MeasureCandidate> both{wanted, wanted};
  both[1].protocol.batch = 8;
  const std::vector<profile::Candidate> candidates = requested_candidates(both);
  REQUIRE(candidates.size() == 2);
  CHECK(candidates[0].protocol.batch == 2);
  CHECK(candidates[1].protocol.batch == 8);
  CHECK(candidates[1].bytes > candidates[0].bytes);
  both[1].file = "model.onnx";
  CHECK_THROWS_WITH(requested_candidates(both), Catch::Contains("either a spec or a file"));
}

}  // namespace vitlab::engine
