#include "interop/pickle_reader.h"

#include <array>
#include <bit>

#include "core/error.h"
#include "core/text.h"
#include "interop/stored_tensor.h"

namespace vitlab::interop {

namespace {

constexpr std::string_view kOrderedDict = "collections.OrderedDict";

struct OpcodeName {
  unsigned char code;
  std::string_view name;
};
/// Opcodes that make objects, run code, or belong to another protocol, for messages.
constexpr std::array<OpcodeName, 28> kRefused{{{'i', "INST"},
                                               {'o', "OBJ"},
                                               {0x81, "NEWOBJ"},
                                               {0x92, "NEWOBJ_EX"},
                                               {0x93, "STACK_GLOBAL"},
                                               {'P', "PERSID"},
                                               {0x82, "EXT1"},
                                               {0x83, "EXT2"},
                                               {0x84, "EXT4"},
                                               {0x95, "FRAME"},
                                               {0x94, "MEMOIZE"},
                                               {0x8c, "SHORT_BINUNICODE"},
                                               {0x8d, "BINUNICODE8"},
                                               {0x8e, "BINBYTES8"},
                                               {'B', "BINBYTES"},
                                               {'C', "SHORT_BINBYTES"},
                                               {0x8f, "EMPTY_SET"},
                                               {0x90, "ADDITEMS"},
                                               {0x91, "FROZENSET"},
                                               {'T', "BINSTRING"},
                                               {'U', "SHORT_BINSTRING"},
                                               {'S', "STRING"},
                                               {'I', "INT"},
                                               {'L', "LONG"},
                                               {0x8b, "LONG4"},
                                               {'F', "FLOAT"},
                                               {'V', "UNICODE"},
                                               {'d', "DICT"}}};

/// Python's unpickling machine, for the opcodes that spell data.
class PickleMachine {
 public:
  PickleMachine(std::string_view bytes, const std::vector<PickleName>& allowed,
                const std::string& source)
      : bytes_(bytes), allowed_(allowed), source_(source) {}

  Pickle run() {
    if (bytes_.size() > kMaxPickleBytes) fail("it has more than 64,000,000 bytes");
    if (take(2) != std::string_view("\x80\x02", 2))
      fail("it is not of protocol 2, which torch.save writes unless told otherwise");
    while (!is_done_) {
      start_ = position_;
      step(static_cast<unsigned char>(take(1)[0]));
      if (pickle_.values.size() > kMaxPickleValues) fail("it has more than 4,000,000 values");
    }
    if (position_ != bytes_.size()) fail("something follows its end");
    return std::move(pickle_);
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw core::UserError(source_ + ", byte " + std::to_string(start_) + ": " + reason);
  }

  std::string_view take(std::size_t size) {
    if (size > bytes_.size() - position_) fail("it is cut short");
    const std::string_view part = bytes_.substr(position_, size);
    position_ += size;
    return part;
  }
  std::uint64_t number(std::size_t size) { return little_endian(take(size)); }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) fail("it is cut short");
    const std::string_view part = take(end - position_);
    take(1);
    return part;
  }

  void push(PickleValue value) {
    stack_.push_back(static_cast<PickleId>(pickle_.values.size()));
    pickle_.values.push_back(std::move(value));
  }
  /// Values below the newest mark belong to what is still being spelled.
  PickleId pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("a value is missing");
    const PickleId id = stack_.back();
    stack_.pop_back();
    return id;
  }
  std::vector<PickleId> pop_last(std::size_t count) {
    std::vector<PickleId> items(count);
    while (count > 0) items[--count] = pop();
    return items;
  }
  void mark() {
    if (marks_.size() >= kMaxPickleMarks) fail("more than 1,000 values are nested");
    marks_.push_back(stack_.size());
  }
  std::vector<PickleId> pop_marked() {
    if (marks_.empty()) fail("a mark is missing");
    std::vector<PickleId> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()),
                                stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  /// The container on top of the stack, which stays there.
  template <typename T>
  T& top(const char* what) {
    const PickleId id = pop();
    stack_.push_back(id);
    auto* container = std::get_if<T>(&pickle_.values[id]);
    if (container == nullptr) fail(std::string("a ") + what + " is missing");
    return *container;
  }

  void step(unsigned char code) {
    using M = PickleMachine;
    struct Opcode {
      unsigned char code;
      void (*run)(M&);
    };
    static constexpr Opcode kOpcodes[] = {
        {'N', [](M& m) { m.push(std::monostate{}); }},
        {0x88, [](M& m) { m.push(true); }},
        {0x89, [](M& m) { m.push(false); }},
        {'K', [](M& m) { m.push(static_cast<std::int64_t>(m.number(1))); }},
        {'M', [](M& m) { m.push(static_cast<std::int64_t>(m.number(2))); }},
        {'J', [](M& m) { m.push(std::int64_t{static_cast<std::int32_t>(m.number(4))}); }},
        {0x8a, [](M& m) { m.push(m.long_number()); }},
        {'G', [](M& m) { m.push(m.big_endian_double()); }},
        {'X', [](M& m) { m.push(m.text()); }},
        {')', [](M& m) { m.push(PickleTuple{}); }},
        {0x85, [](M& m) { m.push(PickleTuple{m.pop_last(1)}); }},
        {0x86, [](M& m) { m.push(PickleTuple{m.pop_last(2)}); }},
        {0x87, [](M& m) { m.push(PickleTuple{m.pop_last(3)}); }},
        {'t', [](M& m) { m.push(PickleTuple{m.pop_marked()}); }},
        {']', [](M& m) { m.push(PickleList{}); }},
        {'}', [](M& m) { m.push(PickleDict{}); }},
        {'(', [](M& m) { m.mark(); }},
        {'a', [](M& m) { m.append(m.pop_last(1)); }},
        {'e', [](M& m) { m.append(m.pop_marked()); }},
        {'s', [](M& m) { m.set_items(m.pop_last(2)); }},
        {'u', [](M& m) { m.set_items(m.pop_marked()); }},
        {'q', [](M& m) { m.put(m.number(1)); }},
        {'r', [](M& m) { m.put(m.number(4)); }},
        {'h', [](M& m) { m.get(m.number(1)); }},
        {'j', [](M& m) { m.get(m.number(4)); }},
        {'c', [](M& m) { m.global(); }},
        {'R', [](M& m) { m.call(); }},
        {'b', [](M& m) { m.set_state(); }},
        {'Q', [](M& m) { m.push(PicklePersistent{m.pop()}); }},
        {'.', [](M& m) { m.stop(); }},
    };
    for (const Opcode& opcode : kOpcodes)
      if (opcode.code == code) return opcode.run(*this);
    refuse(code);
  }

  [[noreturn]] void refuse(unsigned char code) const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string name = std::string("0x") + kDigits[code >> 4] + kDigits[code & 15];
    for (const OpcodeName& row : kRefused)
      if (row.code == code) name = row.name;
    fail("the opcode " + name + " is not among those that spell plain data");
  }

  std::int64_t long_number() {
    const std::size_t size = number(1);
    if (size > 8) fail("a number has more than 64 bits");
    const std::uint64_t value = number(size);
    if (size == 0) return 0;
    const std::size_t unused = 64 - 8 * size;
    return static_cast<std::int64_t>(value << unused) >> unused;
  }

  double big_endian_double() {
    const std::string_view part = take(8);
    return std::bit_cast<double>(little_endian(std::string(part.rbegin(), part.rend())));
  }

  std::string_view text() {
    const std::string_view part = take(number(4));
    if (!core::is_utf8(part)) fail("a text is not UTF-8");
    return part;
  }

  void append(const std::vector<PickleId>& added) {
    std::vector<PickleId>& items = top<PickleList>("list").items;
    items.insert(items.end(), added.begin(), added.end());
  }

  void set_items(const std::vector<PickleId>& added) {
    if (added.size() % 2 != 0) fail("a key has no value");
    PickleDict& dict = top<PickleDict>("dict");
    for (std::size_t i = 0; i < added.size(); i += 2)
      dict.items.emplace_back(added[i], added[i + 1]);
  }

  /// Python numbers what it remembers from 0 on, so that a key beyond that cannot be honest.
  void put(std::uint64_t key) {
    if (key > memo_.size()) fail("it remembers a value under a number that is too large");
    const PickleId id = pop();
    stack_.push_back(id);
    if (key == memo_.size())
      memo_.push_back(id);
    else
      memo_[key] = id;
  }
  void get(std::uint64_t key) {
    if (key >= memo_.size()) fail("it recalls a value that it never remembered");
    stack_.push_back(memo_[key]);
  }

  void global() {
    const std::string_view module = line();
    const std::string name = std::string(module) + "." + std::string(line());
    for (const PickleName& row : allowed_)
      if (row.name == name) return push(PickleGlobal{row.name});
    fail("the name " + core::quoted_clip(name) + " is not among those that tensors need");
  }

  void call() {
    const PickleId arguments = pop(), function = pop();
    const auto* global = pickle_.get<PickleGlobal>(function);
    const auto* tuple = pickle_.get<PickleTuple>(arguments);
    if (global == nullptr || tuple == nullptr) fail("REDUCE calls something that is no function");
    bool is_callable = false;
    for (const PickleName& row : allowed_)
      is_callable |= row.is_callable && row.name == global->name;
    if (!is_callable)
      fail("REDUCE calls '" + std::string(global->name) + "', which is no function");
    if (global->name != kOrderedDict) return push(PickleCall{global->name, arguments});
    if (!tuple->items.empty()) fail("an OrderedDict is made from something");
    push(PickleDict{{}, true});
  }

  /// State dicts carry the versions of their modules as the attribute `_metadata`; no other object
  /// may be given a state.
  void set_state() {
    const auto* state = pickle_.get<PickleDict>(pop());
    const auto& dict = top<PickleDict>("dict");
    bool is_metadata = dict.is_ordered && state != nullptr && state->items.size() == 1;
    if (is_metadata) {
      const auto* key = pickle_.get<std::string_view>(state->items[0].first);
      is_metadata = key != nullptr && *key == "_metadata";
    }
    if (!is_metadata) fail("BUILD sets the state of something other than a state dict");
  }

  void stop() {
    pickle_.root = pop();
    if (!stack_.empty() || !marks_.empty()) fail("values are left over at its end");
    is_done_ = true;
  }

  std::string_view bytes_;
  const std::vector<PickleName>& allowed_;
  const std::string& source_;
  std::size_t position_ = 0, start_ = 0;
  bool is_done_ = false;
  std::vector<PickleId> stack_, memo_;
  std::vector<std::size_t> marks_;
  Pickle pickle_;
};

}  // namespace

Pickle parse_pickle(std::string_view bytes, const std::vector<PickleName>& allowed,
                    const std::string& source) {
  return PickleMachine(bytes, allowed, source).run();
}

}  // namespace vitlab::interop
