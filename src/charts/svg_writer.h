#pragma once

#include <string>
#include <string_view>

namespace vitlab::charts {

/// Shapes that go with colours, so that colour is never the only sign.
enum class MarkShape { kCircle, kSquare, kTriangle, kDiamond, kInvertedTriangle, kPlus, kCross };

/// How many series charts can tell apart: one colour (class s0, s1, …) and one shape each.
inline constexpr int kSeriesStyles = 7;
MarkShape series_shape(int series);
/// "s0" … "s6".
std::string series_class(int series);

/// Any text as drawings and pages show it: escaped, control characters and broken UTF-8 made
/// visible.
std::string xml_text(std::string_view text);

/// Where a text stands in relation to its point.
enum class Anchor { kStart, kMiddle, kEnd };

/// A number as SVG writes it: at most two decimals. NaN and infinities break a promise.
std::string svg_number(double value);
/// Columns that a text of a chart takes, in pixels, estimated on the safe side.
double text_width(std::string_view text, double size = 12);
/// The text cut to `width` pixels, with "…" for what is missing.
std::string fitted(std::string_view text, double width, double size = 12);

/// Writes one drawing. Colours come from classes (chart_style.h), so that it follows the light and
/// the dark scheme; every text is escaped.
class SvgWriter {
 public:
  /// `id` is unique in the page; title and description are for screen readers.
  SvgWriter(std::string_view id, double width, double height, std::string_view title,
            std::string_view description);

  void line(double x1, double y1, double x2, double y2, std::string_view classes);
  /// A rectangle; `tip` is its tooltip, none if empty.
  void rect(double x, double y, double width, double height, std::string_view classes,
            std::string_view tip = {});
  void text(double x, double y, std::string_view text, std::string_view classes,
            Anchor anchor = Anchor::kStart);
  void path(std::string_view d, std::string_view classes);
  void mark(MarkShape shape, double x, double y, double radius, std::string_view classes,
            std::string_view tip = {});

  /// The whole <svg> element.
  std::string str() const { return out_ + "</svg>\n"; }

 private:
  void close(std::string_view element, std::string_view tip);

  std::string out_;
};

}  // namespace vitlab::charts
