#pragma once

#include <string>
#include <vector>

#include "report/figures.h"
#include "report/op_advice.h"

namespace vitlab::report {

/// Sections of a page with their anchors, so that the list of contents cannot disagree with them.
class PageSections {
 public:
  /// Empty content adds nothing.
  void add(const std::string& anchor, const std::string& heading, const std::string& content);
  std::string contents() const;
  const std::string& body() const { return body_; }

 private:
  std::string contents_;
  std::string body_;
};

/// A drawing in both widths, its caption and its numbers.
std::string figure_html(const Figure& figure);
/// Figure i and, in fold-outs, those after it that have no heading; moves i behind them.
std::string figure_group_html(const std::vector<Figure>& figures, std::size_t& i);

std::string ops_html(const std::vector<OpsTable>& tables);

/// One self-contained page: style and script inside, nothing loaded from anywhere. `lead` and
/// `footer` are plain text, `opening` is HTML before the sections.
std::string html_document(const std::string& title, const std::string& lead,
                          const std::string& opening, const PageSections& sections,
                          const std::string& footer);

}  // namespace vitlab::report
