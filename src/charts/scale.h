#pragma once

#include <string>
#include <vector>

namespace vitlab::charts {

/// One mark of an axis.
struct Tick {
  double value = 0;
  std::string label;
};

/// Maps values to pixels, evenly or by logarithm.
struct AxisScale {
  double low = 0;
  double high = 1;
  double from = 0;  // the pixel of low
  double to = 1;    // the pixel of high
  bool is_log = false;

  double operator()(double value) const;
};

/// The values that an axis must show, and limits that it never leaves, such as 0 and 100 percent.
struct ScaleRange {
  double low = 0;
  double high = 1;
  double least = -1e300;
  double most = 1e300;
};
/// A scale that covers the range with some room, so that nothing is drawn on the frame; equal ends
/// get room around them. Ends that are not finite, or not positive on a logarithmic scale, break a
/// promise.
AxisScale roomy_scale(const ScaleRange& range, double from, double to, bool is_log);

/// About `wanted` ticks inside the scale at round values (1, 2, 5 times a power of ten), with equal
/// numbers of decimals; on logarithmic scales that span too little for that, evenly round values.
std::vector<Tick> nice_ticks(const AxisScale& scale, int wanted);

/// A rate with thousands marks and three or more digits: 1234.5 -> "1,235", 12.34 -> "12.3".
std::string rate(double value);

}  // namespace vitlab::charts
