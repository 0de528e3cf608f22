// Tables as GitHub's Markdown.
#include <string_view>

#include "base/utf8.hpp"
#include "documents/table.hpp"
#include "documents/table_parts.hpp"

namespace austeer {
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

}  // namespace austeer
