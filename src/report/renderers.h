#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/document.h"

namespace vitlab::report {

/// One self-contained page: style, drawings and script inside, nothing loaded from anywhere, light
/// and dark, readable without script.
std::string html_page(const Document& document);
/// Markdown of GitHub's kind, with links to the drawings beside it.
std::string markdown_page(const Document& document);
/// The sections alone, to be taken into a paper that has its own title and words.
std::string latex_sections(const Document& document);

/// The PNG's bytes as an address that a page carries in itself.
std::string png_address(std::string_view bytes);

/// A file that is written: its name in the folder and its content.
struct ReportFile {
  std::string name;
  std::string text;
};
/// The document's drawings as SVG files that stand alone.
std::vector<ReportFile> drawing_files(const Document& document);

}  // namespace vitlab::report
