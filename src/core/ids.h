#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace vitlab::core {

/// The place of one thing in a list of its kind, or none; ids of different tags never mix.
template <typename Tag>
class Id {
 public:
  constexpr Id() = default;
  template <std::integral Number>
  constexpr explicit Id(Number number) : number_(static_cast<std::int32_t>(number)) {}

  /// Whether it names something; a default id names none.
  constexpr bool valid() const { return number_ >= 0; }
  constexpr std::int32_t number() const { return number_; }
  constexpr std::size_t index() const { return static_cast<std::size_t>(number_); }

  /// The id behind this one.
  friend constexpr Id next(Id id) { return Id(id.number_ + 1); }
  friend constexpr bool operator==(Id, Id) = default;
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::int32_t number_ = -1;
};

/// The ids 0, 1, … below an end, to walk in a range-based for.
template <typename Id>
class IdRange {
 public:
  class Iterator {
   public:
    using value_type = Id;
    using difference_type = std::ptrdiff_t;

    constexpr Iterator() = default;
    constexpr explicit Iterator(std::size_t at) : at_(at) {}
    constexpr Id operator*() const { return Id(at_); }
    constexpr Iterator& operator++() {
      ++at_;
      return *this;
    }
    constexpr Iterator operator++(int) {
      const Iterator before = *this;
      ++at_;
      return before;
    }
    friend constexpr bool operator==(Iterator, Iterator) = default;

   private:
    std::size_t at_ = 0;
  };

  constexpr explicit IdRange(std::size_t size) : size_(size) {}
  constexpr Iterator begin() const { return Iterator(0); }
  constexpr Iterator end() const { return Iterator(size_); }

 private:
  std::size_t size_;
};

/// A std::vector that is indexed by ids of its kind alone.
template <typename Id, typename T>
class IdVector {
 public:
  using value_type = T;
  using reference = typename std::vector<T>::reference;
  using const_reference = typename std::vector<T>::const_reference;

  IdVector() = default;
  explicit IdVector(std::size_t size, const T& value = T()) : items_(size, value) {}
  explicit IdVector(std::vector<T> items) : items_(std::move(items)) {}

  reference operator[](Id id) { return items_[id.index()]; }
  const_reference operator[](Id id) const { return items_[id.index()]; }
  reference at(Id id) { return items_.at(id.index()); }
  const_reference at(Id id) const { return items_.at(id.index()); }

  /// Every id of it in order.
  IdRange<Id> ids() const { return IdRange<Id>(items_.size()); }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  const_reference front() const { return items_.front(); }
  reference back() { return items_.back(); }
  const_reference back() const { return items_.back(); }

  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  auto rbegin() const { return items_.rbegin(); }
  auto rend() const { return items_.rend(); }

  /// The id of what was added.
  Id push_back(T&& item) {
    items_.push_back(std::move(item));
    return Id(items_.size() - 1);
  }
  Id push_back(const T& item) {
    items_.push_back(item);
    return Id(items_.size() - 1);
  }
  void clear() { items_.clear(); }
  void reserve(std::size_t size) { items_.reserve(size); }
  void resize(std::size_t size, const T& value = T()) { items_.resize(size, value); }

  /// The plain list, for what knows no ids.
  const std::vector<T>& items() const { return items_; }
  std::vector<T>& items() { return items_; }

  friend bool operator==(const IdVector&, const IdVector&) = default;

 private:
  std::vector<T> items_;
};

}  // namespace vitlab::core

template <typename Tag>
struct std::hash<vitlab::core::Id<Tag>> {
  std::size_t operator()(vitlab::core::Id<Tag> id) const noexcept {
    return std::hash<std::int32_t>{}(id.number());
  }
};
