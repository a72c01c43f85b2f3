#include "charts/svg_writer.h"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/error.h"
#include "core/text.h"

namespace vitlab::charts {
namespace {

constexpr std::array kShapes{MarkShape::kCircle,          MarkShape::kSquare, MarkShape::kTriangle,
                             MarkShape::kDiamond,         MarkShape::kPlus,   MarkShape::kCross,
                             MarkShape::kInvertedTriangle};
static_assert(kShapes.size() == kSeriesStyles);

std::string_view anchor_name(Anchor anchor) {
  if (anchor == Anchor::kMiddle) return "middle";
  return anchor == Anchor::kEnd ? "end" : "start";
}

std::string polygon(double x, double y, std::initializer_list<std::pair<double, double>> corners) {
  std::string d;
  for (const auto& [dx, dy] : corners)
    d += fmt::format("{}{} {}", d.empty() ? 'M' : 'L', svg_number(x + dx), svg_number(y + dy));
  return d + "Z";
}

std::string shape_path(MarkShape shape, double x, double y, double r) {
  const double arm = 0.36 * r, side = 0.9 * r;
  switch (shape) {
    case MarkShape::kSquare:
      return polygon(x, y, {{-side, -side}, {side, -side}, {side, side}, {-side, side}});
    case MarkShape::kTriangle:
      return polygon(x, y, {{0, -1.2 * r}, {1.1 * r, 0.8 * r}, {-1.1 * r, 0.8 * r}});
    case MarkShape::kInvertedTriangle:
      return polygon(x, y, {{0, 1.2 * r}, {1.1 * r, -0.8 * r}, {-1.1 * r, -0.8 * r}});
    case MarkShape::kDiamond:
      return polygon(x, y, {{0, -1.25 * r}, {1.25 * r, 0}, {0, 1.25 * r}, {-1.25 * r, 0}});
    case MarkShape::kPlus:
      return polygon(x, y,
                     {{-arm, -r},
                      {arm, -r},
                      {arm, -arm},
                      {r, -arm},
                      {r, arm},
                      {arm, arm},
                      {arm, r},
                      {-arm, r},
                      {-arm, arm},
                      {-r, arm},
                      {-r, -arm},
                      {-arm, -arm}});
    case MarkShape::kCross:
      return polygon(x, y,
                     {{-r, -r + arm},
                      {-r + arm, -r},
                      {0, -arm},
                      {r - arm, -r},
                      {r, -r + arm},
                      {arm, 0},
                      {r, r - arm},
                      {r - arm, r},
                      {0, arm},
                      {-r + arm, r},
                      {-r, r - arm},
                      {-arm, 0}});
    case MarkShape::kCircle:
      break;
  }
  return fmt::format("M{0} {1}a{2} {2} 0 1 0 {3} 0a{2} {2} 0 1 0 -{3} 0Z", svg_number(x - r),
                     svg_number(y), svg_number(r), svg_number(2 * r));
}

}  // namespace

std::string xml_text(std::string_view text) { return core::escape_html(core::printable(text)); }

MarkShape series_shape(int series) {
  return kShapes[static_cast<std::size_t>(series) % kShapes.size()];
}

std::string series_class(int series) { return fmt::format("s{}", series % kSeriesStyles); }

std::string svg_number(double value) {
  core::ensure(std::isfinite(value), "a drawing holds finite numbers only");
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

double text_width(std::string_view text, double size) {
  return 0.56 * size * static_cast<double>(core::display_width(text));
}

std::string fitted(std::string_view text, double width, double size) {
  const double columns = std::max(1.0, std::floor(width / (0.56 * size)));
  return core::clipped(text, static_cast<std::size_t>(columns));
}

SvgWriter::SvgWriter(std::string_view id, double width, double height, std::string_view title,
                     std::string_view description) {
  out_ = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {0} {1}\" "
      "width=\"{0}\" height=\"{1}\" role=\"img\" aria-labelledby=\"{2}-title {2}-desc\">"
      "<title id=\"{2}-title\">{3}</title><desc id=\"{2}-desc\">{4}</desc>\n",
      svg_number(width), svg_number(height), xml_text(id), xml_text(title), xml_text(description));
}

void SvgWriter::close(std::string_view element, std::string_view tip) {
  if (tip.empty())
    out_ += "/>\n";
  else
    out_ += fmt::format("><title>{}</title></{}>\n", xml_text(tip), element);
}

void SvgWriter::line(double x1, double y1, double x2, double y2, std::string_view classes) {
  out_ += fmt::format("<path class=\"{}\" d=\"M{} {}L{} {}\"/>\n", classes, svg_number(x1),
                      svg_number(y1), svg_number(x2), svg_number(y2));
}

void SvgWriter::rect(double x, double y, double width, double height, std::string_view classes,
                     std::string_view tip) {
  out_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", classes,
                      svg_number(x), svg_number(y), svg_number(std::max(0.0, width)),
                      svg_number(std::max(0.0, height)));
  close("rect", tip);
}

void SvgWriter::text(double x, double y, std::string_view text, std::string_view classes,
                     Anchor anchor) {
  out_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n",
                      classes, svg_number(x), svg_number(y), anchor_name(anchor), xml_text(text));
}

void SvgWriter::path(std::string_view d, std::string_view classes) {
  out_ += fmt::format("<path class=\"{}\" d=\"{}\"/>\n", classes, d);
}

void SvgWriter::mark(MarkShape shape, double x, double y, double radius, std::string_view classes,
                     std::string_view tip) {
  out_ += fmt::format("<path class=\"mark {}\" d=\"{}\"", classes, shape_path(shape, x, y, radius));
  close("path", tip);
}

}  // namespace vitlab::charts
