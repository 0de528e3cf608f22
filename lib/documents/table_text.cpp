// Tables as texts: aligned, Markdown, CSV.
#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/utf8.hpp"
#include "documents/table.hpp"
#include "documents/table_parts.hpp"

namespace austeer {

// Tables as CSV by RFC 4180.

namespace {

/// `text` as a field: U+2212 as "-", quoted where it must be.
std::string csv_field(std::string_view text) {
  constexpr std::string_view minus = "\u2212";
  std::string field = repair_utf8(text);
  for (std::size_t at = field.find(minus); at != std::string::npos; at = field.find(minus, at)) {
    field.replace(at, minus.size(), "-");
  }
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char letter : field) {
    quoted += letter;
    if (letter == '"') quoted += letter;
  }
  return quoted + "\"";
}

std::string csv_record(const std::vector<std::string>& fields) {
  std::string record;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    record += (i == 0 ? "" : ",") + csv_field(fields[i]);
  }
  // A blank line would be no record: one empty field is written in quotes.
  return (record.empty() ? "\"\"" : record) + "\r\n";
}

}  // namespace

std::string to_csv(const Table& table) {
  check_table(table);
  const bool sections = table.has_named_sections();
  std::vector<std::string> fields;
  if (sections) fields.push_back(table.section_header);
  for (const Column& column : table.columns) fields.push_back(flat_header(column));
  std::string text = csv_record(fields);
  for (const Section& section : table.sections) {
    for (const std::vector<Cell>& row : section.rows) {
      fields.clear();
      if (sections) fields.push_back(section.name);
      for (const Cell& cell : row) fields.push_back(cell.text.value_or(""));
      text += csv_record(fields);
    }
  }
  return text;
}

// Tables as GitHub's Markdown.

namespace {

/// `text` on one line, with nothing in it that Markdown or HTML would read.
std::string markdown_text(std::string_view text) {
  constexpr std::string_view special = "\\`*_{}[]<>#|~$&";
  std::string escaped;
  for (const char letter : repair_utf8(text)) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) {
      escaped += ' ';
      continue;
    }
    if (special.find(letter) != std::string_view::npos) escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

/// `text` as a paragraph: a digit, "-", "+" or "=" that opens it would make it a list or a heading.
std::string markdown_paragraph(std::string_view text) {
  std::string escaped = markdown_text(text);
  const std::size_t start = escaped.find_first_not_of(' ');
  if (start == std::string::npos) return "";
  escaped.erase(0, start);
  if (escaped[0] == '-' || escaped[0] == '+' || escaped[0] == '=') return "\\" + escaped;
  const std::size_t digits = escaped.find_first_not_of("0123456789");
  if (digits > 0 && digits != std::string::npos &&
      (escaped[digits] == '.' || escaped[digits] == ')')) {
    escaped.insert(digits, "\\");
  }
  return escaped;
}

std::string markdown_strong(std::string_view text) {
  const std::string escaped = markdown_text(text);
  const std::size_t start = escaped.find_first_not_of(' ');
  if (start == std::string::npos) return escaped;
  const std::size_t end = escaped.find_last_not_of(' ') + 1;
  return "**" + escaped.substr(start, end - start) + "**";
}

std::string markdown_cell(const Cell& cell) {
  if (!cell.text) return absent_cell;
  return cell.bold ? markdown_strong(*cell.text) : markdown_text(*cell.text);
}

}  // namespace

std::string to_markdown(const Table& table) {
  check_table(table);
  std::string text;
  if (!table.title.empty()) text += markdown_strong(table.title) + "\n\n";
  std::string rule = "|";
  text += "|";
  for (const Column& column : table.columns) {
    text += " " + markdown_text(flat_header(column)) + " |";
    rule += column.align == Align::left ? " :--- |" : " ---: |";
  }
  text += "\n" + rule + "\n";
  for (const Section& section : table.sections) {
    if (!section.name.empty()) {
      text += "| " + markdown_strong(section.name) + " |";
      for (std::size_t i = 1; i < table.columns.size(); ++i) text += " |";
      text += "\n";
    }
    for (const std::vector<Cell>& row : section.rows) {
      text += "|";
      for (const Cell& cell : row) text += " " + markdown_cell(cell) + " |";
      text += "\n";
    }
  }
  for (const std::string& note : table.notes) text += "\n" + markdown_paragraph(note) + "\n";
  return text;
}

// Tables as aligned text, for terminals.

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
