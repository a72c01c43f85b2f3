#include "profile/onednn_lines.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/native/verbose_wrapper.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.h"
#include "core/names.h"

namespace vitlab::profile {

namespace {

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

/// Bytes of a number in the layout of `operand` ("src", "dst"): "src:f32::blocked:abcd::f0 …".
graph::Index bytes_of_operand(std::string_view layouts, std::string_view operand) {
  const std::size_t at = layouts.find(operand);
  if (at == std::string_view::npos) return 0;
  const std::string_view type = layouts.substr(at + operand.size() + 1);
  for (const auto& [name, bytes] : {std::pair<std::string_view, graph::Index>{"f64", 8},
                                    {"f32", 4},
                                    {"s32", 4},
                                    {"bf16", 2},
                                    {"f16", 2},
                                    {"s8", 1},
                                    {"u8", 1}})
    if (type.starts_with(name)) return bytes;
  return 0;
}

/// "16x32x14x14" multiplied out; 0 for anything else.
graph::Index product_of(std::string_view sizes) {
  graph::Index product = 1;
  for (const std::string& part : core::split_list(sizes, 'x'))
    product *= std::strtoll(part.c_str(), nullptr, 10);
  return product;
}

[[noreturn]] void refuse(const char* what) {
  throw core::Failure(std::string("reading what oneDNN prints: ") + what + ": " +
                      std::strerror(errno));
}

}  // namespace

std::optional<OnednnCall> read_onednn_line(std::string_view line) {
  // onednn_verbose,v1,primitive,exec,engine,primitive,implementation,prop_kind,layouts,attributes,
  // auxiliary,sizes,milliseconds
  const std::vector<std::string> parts = core::split_list(line);
  if (parts.size() < 13 || parts[0] != "onednn_verbose" || parts[2] != "primitive" ||
      parts[3] != "exec")
    return std::nullopt;
  OnednnCall call{.primitive = parts[5],
                  .seconds = std::strtod(parts.back().c_str(), nullptr) * 1e-3};
  if (call.primitive == "reorder") {
    const graph::Index elements = product_of(parts[parts.size() - 2]);
    call.bytes_read = elements * bytes_of_operand(parts[8], "src");
    call.bytes_written = elements * bytes_of_operand(parts[8], "dst");
  }
  return call;
}

OnednnListener::OnednnListener(std::size_t nodes) : nodes_(nodes) {
  std::cout.flush();
  std::fflush(stdout);
  kept_stdout_ = dup(STDOUT_FILENO);
  if (kept_stdout_ < 0) refuse("dup");
  file_ = memfd_create("onednn", MFD_CLOEXEC);
  if (file_ < 0 || dup2(file_, STDOUT_FILENO) < 0) {
    close(kept_stdout_);
    refuse("memfd_create");
  }
  torch::verbose::_mkldnn_set_verbose(1);
}

OnednnListener::~OnednnListener() {
  torch::verbose::_mkldnn_set_verbose(0);
  std::fflush(stdout);
  dup2(kept_stdout_, STDOUT_FILENO);
  close(kept_stdout_);
  close(file_);
}

std::string OnednnListener::printed() {
  std::fflush(stdout);
  const off_t size = lseek(file_, 0, SEEK_END);
  std::string text(static_cast<std::size_t>(std::max<off_t>(size, 0)), '\0');
  const ssize_t got = pread(file_, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (ftruncate(file_, 0) != 0) refuse("ftruncate");
  lseek(file_, 0, SEEK_SET);
  return text;
}

void OnednnListener::begin(graph::NodeId node) {
  node_ = node;
  start_ns_ = now_ns();
}

void OnednnListener::end() {
  OnednnNode& node = nodes_.at(node_.index());
  node.seconds = static_cast<double>(now_ns() - start_ns_) * 1e-9;
  const std::string text = printed();
  for (const std::string& line : core::split_list(text, '\n'))
    if (std::optional<OnednnCall> call = read_onednn_line(line))
      node.calls.push_back(std::move(*call));
}

std::vector<OnednnNode> OnednnListener::take_forward() {
  return std::exchange(nodes_, std::vector<OnednnNode>(nodes_.size()));
}

}  // namespace vitlab::profile
