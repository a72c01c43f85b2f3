#include <utility>

#include <fmt/format.h>

#include "report/renderers.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

/// Lines of cells that are LaTeX already, in the rules of booktabs.
std::string tabular(const std::string& caption, const std::string& format,
                    const std::string& header, const std::string& rows) {
  return fmt::format(
      "\\begin{{table}}\n\\centering\n\\caption{{{}}}\n\\begin{{tabular}}{{{}}}\n\\toprule\n{}"
      "\\midrule\n{}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n",
      escape_latex(caption), format.empty() ? "l" : format, header, rows);
}

/// One line of a table; `text_of` gives the text of a cell.
template <typename Cell, typename TextOf>
std::string line_of(const std::vector<Cell>& cells, const TextOf& text_of) {
  std::string line;
  for (const Cell& cell : cells)
    line += (&cell == &cells.front() ? "" : " & ") + escape_latex(text_of(cell));
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"±", "$\\pm$"}, {"–", "--"}, {"−", "$-$"}})
    for (std::size_t at = line.find(from); at != std::string::npos;
         at = line.find(from, at + to.size()))
      line.replace(at, from.size(), to);
  return line + " \\\\\n";
}

std::string itemize(const std::vector<std::string>& texts) {
  if (texts.empty()) return "";
  std::string list = "\\begin{itemize}\n";
  for (const std::string& text : texts) list += "\\item " + escape_latex(text) + "\n";
  return list + "\\end{itemize}\n";
}

std::string latex(const Heading& heading) {
  return "\\subsection*{" + escape_latex(heading.text) + "}\n";
}

std::string latex(const Paragraph& paragraph) { return escape_latex(paragraph.text) + "\n\n"; }

std::string latex(const Notes& notes) { return itemize(notes.sentences); }

std::string latex(const Table& table) {
  const auto itself = [](const std::string& cell) -> const std::string& { return cell; };
  std::string rows;
  for (const auto& row : table.rows) rows += line_of(row, itself);
  return tabular(table.caption, std::string(table.columns.size(), 'l'),
                 line_of(table.columns, itself), rows);
}

std::string latex(const ModelTable& table) {
  std::string format, rows;
  for (const TableColumn& column : table.columns) format += column.is_number ? 'r' : 'l';
  for (const auto& row : table.rows)
    rows += line_of(row, [](const TableCell& cell) { return cell.text; });
  std::string text =
      tabular(table.caption, format,
              line_of(table.columns, [](const TableColumn& column) { return column.title; }) +
                  line_of(table.columns, [](const TableColumn& column) { return column.unit; }),
              rows);
  for (const std::string& note : table.notes) text += "% " + escape_latex(note) + "\n";
  return text;
}

std::string float_of(const std::string& drawing, const std::string& caption) {
  return "\\begin{figure}\n\\centering\n" + drawing + "\\caption{" + escape_latex(caption) +
         "}\n\\end{figure}\n";
}

std::string latex(const Figure& figure) {
  return float_of("\\includesvg{" + figure.name + "}\n", figure.caption);
}

std::string latex(const Pictures& pictures) {
  std::string drawings, captions;
  for (const Picture& picture : pictures.pictures) {
    drawings += "\\includegraphics{" + escape_latex(picture.file) + "}\n";
    captions += (captions.empty() ? "" : ", ") + picture.words;
  }
  return float_of(drawings, captions);
}

std::string latex(const Advice& advice) {
  return "\\textbf{" + escape_latex(advice.grade) + "} " + escape_latex(advice.statement) + "\n" +
         itemize(advice.sentences);
}

std::string latex(const Code& code) { return "\\texttt{" + escape_latex(code.text) + "}\n"; }

std::string latex(const Links& links) {
  std::vector<std::string> texts;
  for (const facts::RawFile& file : links.files) texts.push_back(file.path + " – " + file.what);
  return itemize(texts);
}

}  // namespace

std::string latex_sections(const Document& document) {
  std::string text = "% Needs \\usepackage{booktabs}.\n";
  if (!drawing_files(document).empty()) text += "% Needs \\usepackage{svg}.\n";
  for (const Section& section : document.sections) {
    if (!section.heading.empty()) text += "\\section*{" + escape_latex(section.heading) + "}\n";
    for (const Block& block : section.blocks)
      if (block.shown != Shown::kOnPages)
        text += std::visit([](const auto& content) { return latex(content); }, block.content);
  }
  return text;
}

}  // namespace vitlab::report
