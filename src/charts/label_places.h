#pragma once

#include <optional>
#include <vector>

#include "charts/chart_frame.h"

namespace vitlab::charts {

/// Finds room for labels beside marks, first come first served, so that no text covers a mark or
/// another text.
class LabelPlaces {
 public:
  struct Place {
    double x = 0;  // where the text starts, on its base line
    double y = 0;
  };

  explicit LabelPlaces(const PlotArea& area) : area_(area) {}

  void add_mark(double x, double y, double radius);
  /// The first free place around (x, y); none if all are taken.
  std::optional<Place> place(double x, double y, double width);

 private:
  struct Box {
    double left, top, right, bottom;
  };
  bool is_free(const Box& box) const;

  PlotArea area_;
  std::vector<Box> taken_;
};

}  // namespace vitlab::charts
