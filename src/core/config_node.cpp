#include "core/config_node.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"

namespace vitlab::core {
namespace {

constexpr std::size_t kShown = 50;
constexpr std::size_t kLineWidth = 100;

std::pair<int, int> order(const Place& place) { return {place.line, place.column}; }

/// The start of each line of a text.
std::vector<std::size_t> line_starts(std::string_view text) {
  std::vector<std::size_t> starts = {0};
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    starts.push_back(at + 1);
  }
  return starts;
}

/// The line and a caret below it; of a long line, a window around the caret.
std::string excerpt(std::string_view line, std::size_t column) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.find_first_not_of(" \t") == std::string_view::npos) return "";
  std::size_t caret = std::min(column - 1, line.size());
  std::size_t begin = 0;
  if (line.size() > kLineWidth && caret > kLineWidth / 2) {
    begin = std::min(caret - kLineWidth / 2, line.size() - kLineWidth);
    while (begin > 0 && is_continuation(line[begin])) --begin;
  }
  std::size_t end = std::min(line.size(), begin + kLineWidth);
  while (end < line.size() && is_continuation(line[end])) ++end;
  const auto shown = [&](std::size_t from, std::size_t to) {
    std::string part(line.substr(from, to - from));
    std::replace(part.begin(), part.end(), '\t', ' ');
    return printable(part);
  };
  const std::string before = (begin > 0 ? "…" : "") + shown(begin, caret);
  const std::string after = shown(caret, end) + (end < line.size() ? "…" : "");
  return "\n    " + before + after + "\n    " + std::string(display_width(before), ' ') + "^";
}

/// A message of another file, told inside this one's, keeps its lines.
std::string printable_lines(const std::string& message) {
  std::string text;
  for (const std::string& line : split_list(message, '\n'))
    text += (text.empty() ? "" : "\n  ") + printable(line);
  return text;
}

}  // namespace

const ConfigNode* ConfigNode::entry(std::string_view wanted) const {
  if (!is_map()) return nullptr;
  for (const ConfigNode& item : items) {
    if (item.key == wanted) return &item;
  }
  return nullptr;
}

Problems::Problems(std::string source, std::string text)
    : source_(std::move(source)), text_(std::move(text)) {}

bool Problems::blames(std::string_view path) const {
  return std::any_of(problems_.begin(), problems_.end(),
                     [&](const Problem& problem) { return problem.path == path; });
}

void Problems::throw_if_any() const {
  if (problems_.empty()) return;
  std::vector<std::pair<Place, std::string>> sorted;
  for (const Problem& problem : problems_) sorted.emplace_back(problem.place, problem.text());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return order(a.first) < order(b.first); });
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  const std::vector<std::size_t> starts = line_starts(text_);
  std::string all;
  for (std::size_t i = 0; i < std::min(kShown, sorted.size()); ++i) {
    const auto& [place, message] = sorted[i];
    if (i > 0) all += "\n";
    if (place == kCommandLine) {
      all += "command line: " + printable_lines(message);
      continue;
    }
    all += source_ + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": " +
           printable_lines(message);
    const auto line = static_cast<std::size_t>(std::max(1, place.line)) - 1;
    if (line >= starts.size()) continue;
    const std::size_t end = line + 1 < starts.size() ? starts[line + 1] : text_.size();
    all += excerpt(std::string_view(text_).substr(starts[line], end - starts[line]),
                   static_cast<std::size_t>(std::max(1, place.column)));
  }
  if (sorted.size() > kShown) {
    all += "\n" + source_ + ": and " + std::to_string(sorted.size() - kShown) + " more problems";
  }
  throw UserError(all);
}

std::string read_text_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  const auto refuse = [&](const std::string& reason) {
    throw UserError(path.string() + ": " + reason);
  };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) refuse(std::strerror(errno));
  struct stat status = {};
  if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
    close(file);
    refuse("is a folder, not a file");
  }
  std::string text;
  char buffer[65536];
  ssize_t got = 0;
  int cause = 0;
  while (text.size() <= limit_bytes) {
    got = read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  if (got < 0) cause = errno;
  close(file);
  if (cause != 0) refuse(std::strerror(cause));
  if (text.size() > limit_bytes) {
    refuse("is over the limit of " + with_thousands(static_cast<std::int64_t>(limit_bytes)) +
           " bytes");
  }
  return text;
}

}  // namespace vitlab::core
