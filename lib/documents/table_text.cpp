// Tables as aligned text, for terminals.
#include <algorithm>
#include <cstddef>

#include "base/utf8.hpp"
#include "documents/table.hpp"
#include "documents/table_parts.hpp"

namespace austeer {
namespace {

constexpr std::size_t gap = 2;             ///< between columns
constexpr std::size_t note_width = 100;    ///< where notes are broken
constexpr std::string_view indent = "  ";  ///< of rows in a named section

/// `text` on one line.
std::string text_line(const std::string& text) {
  std::string line = repair_utf8(text);
  for (char& letter : line) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) letter = ' ';
  }
  return line;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;  // not within a code point
  }));
}

using TextRow = std::vector<std::string>;

/// The groups' line: each name stands at the right end of its first column, unless that is left.
TextRow group_row(const Table& table) {
  TextRow row;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& group = table.columns[i].group;
    const bool begins = i == 0 || table.columns[i - 1].group != group;
    row.push_back(begins ? text_line(group) : "");
  }
  return row;
}

TextRow cells_row(const std::vector<Cell>& cells, bool indented) {
  TextRow row;
  for (const Cell& cell : cells) row.push_back(cell.text ? text_line(*cell.text) : absent_cell);
  if (indented) row.front().insert(0, indent);
  return row;
}

/// The row's cells at their columns, without spaces at the end.
std::string aligned(const Table& table, const TextRow& row,
                    const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string space(widths[i] - characters(row[i]), ' ');
    if (i > 0) line += std::string(gap, ' ');
    line += table.columns[i].align == Align::left ? row[i] + space : space + row[i];
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

/// `note` broken at spaces.
std::string paragraph(const std::string& note) {
  std::string lines, line;
  const std::string text = text_line(note);
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!line.empty() && characters(line) + 1 + characters(word) > note_width) {
      lines += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    start = end + 1;
  }
  return lines + line + "\n";
}

}  // namespace

std::string to_plain_text(const Table& table) {
  check_table(table);
  TextRow header;
  for (const Column& column : table.columns) header.push_back(text_line(column.header));
  std::vector<TextRow> heads = {header};
  if (table.has_groups()) heads.insert(heads.begin(), group_row(table));
  std::vector<std::vector<TextRow>> sections;
  for (const Section& section : table.sections) {
    sections.emplace_back();
    for (const auto& cells : section.rows) {
      sections.back().push_back(cells_row(cells, !section.name.empty()));
    }
  }
  std::vector<std::size_t> widths(table.columns.size());
  const auto widen = [&](const TextRow& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], characters(row[i]));
    }
  };
  std::ranges::for_each(heads, widen);
  for (const auto& rows : sections) std::ranges::for_each(rows, widen);

  std::string text;
  if (!table.title.empty()) text += text_line(table.title) + "\n\n";
  for (const TextRow& head : heads) text += aligned(table, head, widths);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    if (!table.sections[i].name.empty()) text += text_line(table.sections[i].name) + "\n";
    for (const TextRow& row : sections[i]) text += aligned(table, row, widths);
  }
  for (const std::string& note : table.notes) text += "\n" + paragraph(note);
  return text;
}

}  // namespace austeer
