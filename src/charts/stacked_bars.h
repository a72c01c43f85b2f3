#pragma once

#include <string>
#include <vector>

namespace vitlab::charts {

/// One bar; `shares` in the order of the categories. They are drawn as they are, also where they do
/// not sum to 1.
struct Bar {
  std::string label;
  std::vector<double> shares;
  bool is_reference = false;  // somebody else's number: set apart below a heading
};

struct StackedBars {
  std::string id;
  std::string title;
  std::string description;
  std::vector<std::string> categories;  // up to 6: classes c0 … c5
  std::size_t bracket_from = 0;         // categories [from, to) are summed up under one bracket
  std::size_t bracket_to = 0;
  std::string bracket_name;
  std::string reference_heading;  // over the reference bars
  std::vector<Bar> bars;
};

/// Horizontal bars of shares, `width` pixels wide. No bars give an empty string; a share that is
/// not finite or negative breaks a promise.
std::string stacked_bars(const StackedBars& chart, double width);

}  // namespace vitlab::charts
