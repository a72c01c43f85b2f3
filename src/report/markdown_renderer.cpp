#include <fmt/format.h>

#include "core/text.h"
#include "report/renderers.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

/// Wraps words at 100 columns, so that the file reads well as text.
std::string wrapped(const std::string& text, const std::string& indent = "") {
  constexpr std::size_t kColumns = 100;
  std::string out, line;
  const auto take = [&](const std::string& word) {
    if (!line.empty() && core::display_width(line) + 1 + core::display_width(word) > kColumns) {
      out += line + "\n";
      line = indent;
      line += word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
  };
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find(' ', from), text.size());
    if (end > from) take(text.substr(from, end - from));
    from = end + 1;
  }
  return out + line + "\n";
}

std::string items(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += wrapped("- " + escape_markdown(text), "  ");
  return list;
}

std::string table_of(const std::vector<std::string>& columns,
                     const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> header;
  for (const std::string& column : columns) header.push_back(escape_markdown(column));
  core::TextTable table(header);
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& cell : row) cells.push_back(escape_markdown(cell));
    table.add(std::move(cells));
  }
  return table.markdown();
}

std::string markdown(const Heading& heading) {
  return "### " + escape_markdown(heading.text) + "\n";
}

std::string markdown(const Paragraph& paragraph) {
  return wrapped(escape_markdown(paragraph.text));
}

std::string markdown(const Notes& notes) { return items(notes.sentences); }

std::string markdown(const Table& table) { return table_of(table.columns, table.rows); }

std::string markdown(const ModelTable& table) {
  std::vector<std::string> columns;
  for (const TableColumn& column : table.columns)
    columns.push_back(column.unit.empty() ? column.title : column.title + ", " + column.unit);
  std::vector<std::vector<std::string>> rows;
  for (const auto& cells : table.rows) {
    std::vector<std::string> row;
    for (const TableCell& cell : cells)
      row.push_back(cell.note.empty() ? cell.text : cell.text + " (" + cell.note + ")");
    rows.push_back(std::move(row));
  }
  return table_of(columns, rows) + "\n" + items(table.notes);
}

std::string markdown(const Figure& figure) {
  return fmt::format("![{}]({}.svg)\n\n{}",
                     escape_markdown(figure.heading.empty() ? figure.fold : figure.heading),
                     figure.name, markdown(Paragraph{figure.caption}));
}

std::string markdown(const Pictures& pictures) {
  std::string text;
  for (const Picture& picture : pictures.pictures)
    text += fmt::format("![{}]({})\n", escape_markdown(picture.words), link_path(picture.file));
  return text;
}

std::string markdown(const Advice& advice) {
  return wrapped("**" + escape_markdown(advice.grade) + "** " + escape_markdown(advice.statement)) +
         "\n" + items(advice.sentences);
}

/// A fence longer than any run of backticks inside.
std::string markdown(const Code& code) {
  std::string fence = "```";
  while (code.text.find(fence) != std::string::npos) fence += '`';
  return fence + "sh\n" + core::printable(code.text) + "\n" + fence + "\n";
}

std::string markdown(const Links& links) {
  std::string text;
  for (const facts::RawFile& file : links.files)
    text += wrapped(fmt::format("- [{}]({}) – {}", escape_markdown(file.path), link_path(file.path),
                                escape_markdown(file.what)),
                    "  ");
  return text;
}

/// The blocks with an empty line between them.
std::string markdown_body(const Section& section) {
  std::string text;
  for (const Block& block : section.blocks) {
    if (block.shown == Shown::kOnPages) continue;
    if (!text.empty()) text += "\n";
    text += std::visit([](const auto& content) { return markdown(content); }, block.content);
  }
  return text;
}

std::string verdict_items(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    text += wrapped("- **" + escape_markdown(line.substr(0, colon)) + ":**" +
                        escape_markdown(line.substr(colon + 1)),
                    "  ");
  }
  return text.empty() ? text : "\n" + text;
}

}  // namespace

std::string markdown_page(const Document& document) {
  std::string text = "# " + escape_markdown(document.title) + "\n\n" +
                     markdown(Paragraph{document.lead}) + verdict_items(document.verdict);
  for (const Section& section : document.sections)
    if (const std::string body = markdown_body(section); !body.empty())
      text += "\n## " + escape_markdown(section.heading) + "\n\n" + body;
  if (document.date) text += "\nMade by vitlab on " + escape_markdown(*document.date) + ".\n";
  return text;
}

}  // namespace vitlab::report
