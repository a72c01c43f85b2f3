#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "charts/svg_writer.h"

namespace vitlab {

/// A text of a drawing as a box.
struct SvgText {
  std::string text;
  std::string classes;
  double left = 0, right = 0, base = 0;

  bool covers(const SvgText& other) const {
    return left < other.right && other.left < right && base - 9 < other.base &&
           other.base - 9 < base;
  }
};

struct SvgSize {
  double width = 0, height = 0;
};

/// The value of `name="…"` in an element that starts at `at`.
inline std::string svg_attribute(const std::string& svg, std::size_t at, const std::string& name) {
  const std::size_t from = svg.find(" " + name + "=\"", at) + name.size() + 3;
  return svg.substr(from, svg.find('"', from) - from);
}

inline SvgSize svg_size(const std::string& svg) {
  return {std::stod(svg_attribute(svg, 0, "width")), std::stod(svg_attribute(svg, 0, "height"))};
}

inline std::vector<SvgText> svg_texts(const std::string& svg) {
  std::vector<SvgText> texts;
  for (std::size_t at = svg.find("<text "); at != std::string::npos;
       at = svg.find("<text ", at + 1)) {
    SvgText text;
    const std::size_t from = svg.find('>', at) + 1;
    text.text = svg.substr(from, svg.find('<', from) - from);
    text.classes = svg_attribute(svg, at, "class");
    text.base = std::stod(svg_attribute(svg, at, "y"));
    const double x = std::stod(svg_attribute(svg, at, "x")), width = charts::text_width(text.text);
    const std::string anchor = svg_attribute(svg, at, "text-anchor");
    text.left = anchor == "end" ? x - width : anchor == "middle" ? x - width / 2 : x;
    text.right = text.left + width;
    if (!text.text.empty()) texts.push_back(text);
  }
  return texts;
}

/// Pairs of texts that cover each other, as words for a failing check.
inline std::string covered_texts(const std::string& svg) {
  const std::vector<SvgText> texts = svg_texts(svg);
  std::string pairs;
  for (std::size_t i = 0; i < texts.size(); ++i)
    for (std::size_t j = i + 1; j < texts.size(); ++j)
      if (texts[i].covers(texts[j])) pairs += texts[i].text + " / " + texts[j].text + "; ";
  return pairs;
}

/// Where the marks with a class start; of squares and circles a corner or edge, near enough.
inline std::vector<std::pair<double, double>> svg_marks(const std::string& svg,
                                                        const std::string& classes) {
  std::vector<std::pair<double, double>> marks;
  const std::string opening = "<path class=\"mark " + classes;
  for (std::size_t at = svg.find(opening); at != std::string::npos;
       at = svg.find(opening, at + 1)) {
    const std::string d = svg_attribute(svg, at, "d");
    char* end = nullptr;
    const double x = std::strtod(d.c_str() + 1, &end);
    marks.emplace_back(x, std::strtod(end, nullptr));
  }
  return marks;
}

}  // namespace vitlab
