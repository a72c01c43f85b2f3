#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vitlab::interop {

/// A value of a pickle, by its place in Pickle::values: nothing nests in memory, so that no depth
/// and no repetition in a file can cost more than the opcodes that spell it.
using PickleId = std::uint32_t;

struct PickleTuple {
  std::vector<PickleId> items;
};
struct PickleList {
  std::vector<PickleId> items;
};
/// A dict or an OrderedDict, whose attributes (`_metadata` of state dicts) are left out.
struct PickleDict {
  std::vector<std::pair<PickleId, PickleId>> items;
  bool is_ordered = false;
};
/// A class or function, only ever a name.
struct PickleGlobal {
  std::string_view name;
};
/// A call that a pickle asks for: nothing is called.
struct PickleCall {
  std::string_view function;
  PickleId arguments = 0;
};
/// Something kept outside the pickle, under this key.
struct PicklePersistent {
  PickleId key = 0;
};
using PickleValue =
    std::variant<std::monostate, bool, std::int64_t, double, std::string_view, PickleTuple,
                 PickleList, PickleDict, PickleGlobal, PickleCall, PicklePersistent>;

struct Pickle {
  std::vector<PickleValue> values;
  PickleId root = 0;

  /// The value as a T, or nullptr.
  template <typename T>
  const T* get(PickleId id) const {
    return std::get_if<T>(&values[id]);
  }
};

/// A name that a pickle may contain: "torch.FloatStorage"; whether it may be called.
struct PickleName {
  std::string_view name;
  bool is_callable = false;
};

constexpr std::size_t kMaxPickleBytes = 64'000'000;
constexpr std::size_t kMaxPickleValues = 4'000'000;
constexpr std::size_t kMaxPickleMarks = 1000;

/// Reads Python's pickle protocol 2 as data: plain values, tuples, lists, dicts, persistent keys,
/// and calls of `allowed` names; collections.OrderedDict() is understood where it is allowed.
/// Everything else is refused with its name and offset. Texts and names point into `bytes` and
/// `allowed`. Throws UserError starting with `source`.
Pickle parse_pickle(std::string_view bytes, const std::vector<PickleName>& allowed,
                    const std::string& source);

}  // namespace vitlab::interop
