#include "core/json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <unordered_set>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace vitlab::core {
namespace {

// nlohmann's own recursion overflows the stack at about 100,000 levels.
constexpr int kDeepestCanonical = 1000;

/// Whether JSON writes the text as it stands.
bool is_plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

void append_string(const std::string& text, std::string& out) {
  // nlohmann's dump() asks for the locale and allocates, once per value: half the time of an id.
  if (is_plain(text)) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  ensure(is_utf8(text), "canonical JSON holds valid UTF-8 only");
  out += Json(text).dump();
}

void append_double(double value, std::string& out) {
  ensure(std::isfinite(value), "canonical JSON holds finite numbers only");
  if (std::trunc(value) == value && std::fabs(value) < 0x1p53) {
    out += std::to_string(static_cast<std::int64_t>(value));  // also turns -0 into 0
  } else {
    out += shortest(value);
  }
}

void append_canonical(const Json& value, int depth, std::string& out);

void append_object(const Json& object, int depth, std::string& out) {
  using Entry = Json::object_t::value_type;
  std::vector<const Entry*> entries;
  for (const Entry& entry : object.get_ref<const Json::object_t&>()) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [](const Entry* a, const Entry* b) { return a->first < b->first; });
  out += '{';
  for (std::size_t i = 0; i < entries.size(); ++i) {
    ensure(i == 0 || entries[i - 1]->first != entries[i]->first, "an object's keys are distinct");
    if (i > 0) out += ',';
    append_string(entries[i]->first, out);
    out += ':';
    append_canonical(entries[i]->second, depth + 1, out);
  }
  out += '}';
}

void append_canonical(const Json& value, int depth, std::string& out) {
  ensure(depth < kDeepestCanonical, "canonical JSON is at most 1000 levels deep");
  switch (value.type()) {
    case Json::value_t::object:
      append_object(value, depth, out);
      return;
    case Json::value_t::array:
      out += '[';
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i > 0) out += ',';
        append_canonical(value[i], depth + 1, out);
      }
      out += ']';
      return;
    case Json::value_t::string:
      append_string(value.get_ref<const std::string&>(), out);
      return;
    case Json::value_t::number_float:
      append_double(value.get<double>(), out);
      return;
    case Json::value_t::number_integer:
      out += std::to_string(value.get<std::int64_t>());
      return;
    case Json::value_t::number_unsigned:
      out += std::to_string(value.get<std::uint64_t>());
      return;
    case Json::value_t::binary:
    case Json::value_t::discarded:
      ensure(false, "canonical JSON holds neither binary nor discarded values");
      return;
    default:
      out += value.dump();
  }
}

/// An input iterator that counts what was read, since SAX events carry no position.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  std::size_t* count_;
};

/// Builds the value from SAX events and stops at the first thing that is refused.
class StrictBuilder {
 public:
  StrictBuilder(const std::string& source, int depth, const std::size_t& position)
      : source_(source), depth_(depth), position_(position) {}

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return put(value); }
  bool number_unsigned(std::uint64_t value) { return put(value); }
  bool number_float(double value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t&) { return refuse("binary value", position_); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }

  bool key(std::string& name) {
    Level& level = open_.back();
    if (!level.keys.insert(name).second) {
      return refuse("key " + quoted_clip(name) + " stands twice", position_);
    }
    level.key = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) {
    std::string reason = error.what();
    if (const auto prefix = reason.find("] "); prefix != std::string::npos) {
      reason.erase(0, prefix + 2);
    }
    if (const auto place = reason.find(": "); reason.starts_with("parse error at line")) {
      reason.erase(0, place + 2);
    }
    return refuse(printable(clipped(reason, 200)), position);
  }

  Json take() { return std::move(root_); }

 private:
  struct Level {
    Json* value;
    std::string key;
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] bool refuse(const std::string& problem, std::size_t position) const {
    throw UserError(source_ + ": " + problem + " at byte " + std::to_string(position));
  }

  Json* place(Json&& value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Level& level = open_.back();
    if (level.value->is_array()) {
      auto& array = level.value->get_ref<Json::array_t&>();
      return &array.emplace_back(std::move(value));
    }
    // The vector's own emplace_back: ordered_map's would look through all keys again.
    auto& object = level.value->get_ref<Json::object_t&>();
    return &object.emplace_back(std::move(level.key), std::move(value)).second;
  }

  bool put(Json&& value) {
    place(std::move(value));
    return true;
  }

  bool open(Json&& container) {
    if (static_cast<int>(open_.size()) >= depth_) {
      refuse("nested deeper than " + std::to_string(depth_) + " levels", position_);
    }
    open_.push_back({place(std::move(container)), {}, {}});
    return true;
  }

  bool end() {
    open_.pop_back();
    return true;
  }

  const std::string& source_;
  int depth_;
  const std::size_t& position_;
  Json root_;
  std::vector<Level> open_;
};

}  // namespace

std::string canonical_json(const Json& value) {
  std::string out;
  append_canonical(value, 0, out);
  return out;
}

Json parse_json(std::string_view text, const std::string& source, int depth) {
  std::size_t position = 0;
  StrictBuilder builder(source, depth, position);
  Json::sax_parse(CountingIterator(text.data(), &position),
                  CountingIterator(text.data() + text.size(), &position), &builder);
  return builder.take();
}

Json json_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double number_from_json(const Json& value, std::string_view what) {
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::nan("");
  if (value == "inf") return HUGE_VAL;
  if (value == "-inf") return -HUGE_VAL;
  throw UserError(std::string(what) + " must be a number (or \"nan\", \"inf\", \"-inf\"), got " +
                  clipped(dump_json(value), 60));
}

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace vitlab::core
