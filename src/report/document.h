#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "facts/raw_file.h"

namespace vitlab::report {

/// A heading inside a section.
struct Heading {
  std::string text;
};

struct Paragraph {
  std::string text;
};

/// Sentences below numbers, an item each: what they are and what to mind.
struct Notes {
  std::vector<std::string> sentences;
};

/// A table of texts.
struct Table {
  std::string caption;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

struct TableColumn {
  std::string title;
  std::string unit;  // or setting, in a second line; "" if none
  bool is_number = false;
};

struct TableCell {
  std::string text;  // "–" where there is no value
  std::string note;  // a spread or interval, in a second line; "" if none
  std::string sort;  // what a column is sorted by, where it is not the text
};

/// A table of models: its rows have names and its cells a second line.
struct ModelTable {
  std::string caption;
  std::vector<TableColumn> columns;
  std::vector<std::vector<TableCell>> rows;  // one a model
  std::vector<bool> is_front;                // rows that stand out
  std::vector<std::string> notes;            // sentences: what the numbers are
};

/// A chart in two widths, its caption and the numbers behind it.
struct Figure {
  std::string name;     // of its file and its place in the page: "accuracy_speed"
  std::string heading;  // of its section; "" if it belongs to the figure before it
  std::string fold;     // what the fold-out of a figure without a heading is called
  std::string caption;
  std::string wide;                            // <svg> for screens and paper
  std::string narrow;                          // <svg> for phones
  std::vector<std::string> columns;            // of the table of numbers; none where the table of
  std::vector<std::vector<std::string>> rows;  // models holds them
};

/// A PNG file beside the document; pages carry its bytes in themselves.
struct Picture {
  std::string file;
  std::string words;
  std::string bytes;
};

/// Pictures side by side.
struct Pictures {
  std::vector<Picture> pictures;
};

/// A piece of advice with its grade, and sentences on what it rests on.
struct Advice {
  std::string grade;
  std::string statement;
  std::vector<std::string> sentences;
};

/// A command line.
struct Code {
  std::string text;
};

/// Links to files.
struct Links {
  std::vector<facts::RawFile> files;
};

/// Where a block is shown: pages (HTML) have captions, fold-outs and room, texts (Markdown and
/// LaTeX) say a few things in another way.
enum class Shown { kEverywhere, kOnPages, kInTexts };

/// What a section is made of; a kind added here does not compile until every renderer knows it.
struct Block {
  std::variant<Heading, Paragraph, Notes, Table, ModelTable, Figure, Pictures, Advice, Code, Links>
      content;
  Shown shown = Shown::kEverywhere;
};

using Blocks = std::vector<Block>;

/// Blocks under a heading; `anchor` is unique in the document.
struct Section {
  std::string anchor;
  std::string heading;  // "" for the only section of an extract
  Blocks blocks;
};

/// What is written up, once for all formats (renderers.h).
struct Document {
  std::string title;
  std::string lead;                  // one sentence: what was looked at
  std::vector<std::string> verdict;  // "Lead: sentence.", before all sections; none if empty
  std::vector<Section> sections;
  std::optional<std::string> date;  // printed if given
  std::string holds_for;            // what the numbers hold for: "the setting and machine"
};

}  // namespace vitlab::report
