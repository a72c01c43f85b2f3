#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

namespace vitlab::graph {

/// A short list of ids of one kind, used like a std::vector; up to eight stay inside the object,
/// because a sweep writes millions of them.
template <typename Id>
class IdList {
 public:
  using value_type = Id;

  IdList() = default;
  IdList(std::initializer_list<value_type> ids) : IdList(ids.begin(), ids.end()) {}
  explicit IdList(const std::vector<value_type>& ids)
      : IdList(ids.data(), ids.data() + ids.size()) {}
  IdList(std::size_t count, value_type id) {
    for (; count > 0; --count) push_back(id);
  }
  IdList(const value_type* first, const value_type* last) { append(first, last); }
  IdList(const IdList&) = default;
  IdList& operator=(const IdList&) = default;
  IdList(IdList&& other) noexcept { *this = std::move(other); }
  IdList& operator=(IdList&& other) noexcept {
    size_ = std::exchange(other.size_, 0);
    few_ = other.few_;
    many_ = std::move(other.many_);
    return *this;
  }
  ~IdList() = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const value_type* data() const { return size_ <= kFew ? few_.data() : many_.data(); }
  value_type* data() { return size_ <= kFew ? few_.data() : many_.data(); }
  const value_type* begin() const { return data(); }
  const value_type* end() const { return data() + size_; }
  value_type* begin() { return data(); }
  value_type* end() { return data() + size_; }
  value_type operator[](std::size_t i) const { return data()[i]; }
  value_type& operator[](std::size_t i) { return data()[i]; }
  value_type front() const { return *data(); }
  value_type back() const { return data()[size_ - 1]; }

  void clear() { size_ = 0; }
  void push_back(value_type id) {
    if (size_ < kFew) {
      few_[size_++] = id;
      return;
    }
    if (size_ == kFew) many_.assign(few_.begin(), few_.end());
    many_.push_back(id);
    ++size_;
  }
  void append(const value_type* first, const value_type* last) {
    for (; first != last; ++first) push_back(*first);
  }
  void append(const IdList& other) { append(other.begin(), other.end()); }

  friend bool operator==(const IdList& a, const IdList& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  static constexpr std::size_t kFew = 8;

  std::size_t size_ = 0;
  std::array<value_type, kFew> few_{};
  std::vector<value_type> many_;  // all of them, once there are more than kFew
};

}  // namespace vitlab::graph
