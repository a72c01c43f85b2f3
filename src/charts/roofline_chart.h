#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vitlab::charts {

/// One op: arithmetic against traffic.
struct RooflinePoint {
  double flops_per_byte = 0;  // 0 for an op that only moves
  double gflops_per_s = 0;
  double gbytes_per_s = 0;
  double time_ms = 0;        // the mark's area
  std::size_t category = 0;  // its place in the chart's categories
  std::string tip;
};

/// A limit of the machine: GB/s of a level of memory, or GFLOP/s.
struct Roof {
  std::string name;
  double value = 0;
};

struct RooflineChart {
  std::string id;
  std::string title;
  std::string description;
  std::vector<std::string> categories;  // up to 6: classes c0 … c5
  std::vector<RooflinePoint> points;
  std::vector<Roof> bandwidths;
  std::vector<Roof> computes;
};

/// The roofline (Williams et al. 2009), both axes logarithmic, `width` pixels wide; ops that
/// compute nothing stand below it by their bandwidth, a lane for each category. Points without time
/// or traffic are left out; no point or no roof of one of the kinds gives an empty string. A
/// category without a name breaks a promise.
std::string roofline_chart(const RooflineChart& chart, double width);

}  // namespace vitlab::charts
