#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sstream>

#include "core/error.h"
#include "core/text.h"
#include "engine/child_process.h"
#include "engine/file_runs.h"
#include "engine/onnxruntime_worker.h"

namespace vitlab::engine {

namespace {

std::string python_program() {
  const char* named = std::getenv("VITLAB_PYTHON");
  return named != nullptr && *named != '\0' ? named : "python3";
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(std::move(word));
  return words;
}

graph::Index whole_number(const std::string& word) {
  graph::Index value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value < 0)
    throw core::Failure("the worker of ONNX Runtime answered " + core::quoted_clip(word));
  return value;
}

class OnnxRuntimeRun : public profile::TimedRun {
 public:
  OnnxRuntimeRun(const FileToRun& file, const sweep::Protocol& protocol)
      : python_(python_program()),
        worker_({python_, "-c", std::string(kOnnxRuntimeWorker), file.path.string(),
                 std::to_string(protocol.threads)}) {
    const std::vector<std::string> ready = answer("ready");
    version_ = ready.at(1);
    const at::Tensor images =
        profile::timed_images(image_of(file, told_image(file, ready, protocol)), protocol.batch);
    give(images);
    difference_ = checked_difference(file, images, logits());
  }

  double forward() override {
    worker_.write("run\n");
    return std::strtod(answer("seconds").at(1).c_str(), nullptr);
  }

  messages::RuntimeFacts about() const override {
    return {"onnxruntime " + version_, {true, difference_}};
  }

 private:
  /// The words of the worker's next line, which starts with `word` unless something went wrong.
  std::vector<std::string> answer(const std::string& word) {
    const std::string line = worker_line();
    std::vector<std::string> words = words_of(line);
    if (words.size() > 1 && words.front() == word) return words;
    if (line == word) return words;
    const std::string reason = core::printable(line.substr(std::min(line.find(' '), line.size())));
    if (words.empty()) throw core::Failure("the worker of ONNX Runtime answered nothing");
    if (words.front() == "memory") throw std::bad_alloc();
    if (words.front() == "missing")
      throw core::CapabilityError(
          "ONNX Runtime cannot be used:" + reason + " (" + python_ + "); install it with '" +
          python_ +
          " -m pip install onnxruntime', or name an interpreter that has it in "
          "VITLAB_PYTHON");
    throw core::Failure("ONNX Runtime:" + reason);
  }

  std::string worker_line() {
    try {
      return worker_.read_line();
    } catch (const core::Failure& error) {
      const std::string reason = error.what();
      if (reason.find("cannot be started") == std::string::npos) throw;
      throw core::CapabilityError(
          "ONNX Runtime is run by Python, and '" + python_ +
          "' cannot be started; install python3 with onnxruntime, or name an "
          "interpreter in VITLAB_PYTHON");
    }
  }

  /// From "ready version tensor(float) N C H W", 0 where the file leaves a size open.
  static std::optional<graph::Shape> told_image(const FileToRun& file,
                                                const std::vector<std::string>& ready,
                                                const sweep::Protocol& protocol) {
    if (ready.size() != 7 || ready[2] != "tensor(float)")
      throw core::Failure(file.path.string() + " does not take float images (N, C, H, W)");
    std::array<graph::Index, 4> sizes{};
    for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = whole_number(ready[3 + i]);
    if (sizes[0] != 0 && sizes[0] != protocol.batch)
      throw core::Failure(file.path.string() + " takes batches of " + std::to_string(sizes[0]) +
                          " only");
    if (sizes[1] == 0 || sizes[2] == 0 || sizes[3] == 0) return std::nullopt;
    return graph::Shape{1, sizes[1], sizes[2], sizes[3]};
  }

  void give(const at::Tensor& images) {
    std::string line = "images";
    for (const std::int64_t size : images.sizes()) line += " " + std::to_string(size);
    worker_.write(line + "\n");
    worker_.write({static_cast<const char*>(images.const_data_ptr()), images.nbytes()});
    answer("ok");
  }

  at::Tensor logits() {
    worker_.write("logits\n");
    std::vector<std::int64_t> sizes;
    const std::vector<std::string> words = answer("logits");
    for (std::size_t i = 1; i < words.size(); ++i) sizes.push_back(whole_number(words[i]));
    at::Tensor tensor = at::empty(sizes, at::kFloat);
    const std::string bytes = worker_.read_bytes(tensor.nbytes());
    std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
    return tensor;
  }

  std::string python_;
  ChildProcess worker_;
  std::string version_;
  std::optional<double> difference_;
};

}  // namespace

std::unique_ptr<profile::TimedRun> open_onnxruntime(const FileToRun& file,
                                                    const sweep::Protocol& protocol) {
  return std::make_unique<OnnxRuntimeRun>(file, protocol);
}

}  // namespace vitlab::engine
