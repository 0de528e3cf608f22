// Tables as HTML.
#include <fmt/format.h>

#include "documents/markup_text.hpp"
#include "documents/table.hpp"
#include "documents/table_parts.hpp"

namespace austeer {
namespace {

std::string align_class(const Column& column) {
  return column.align == Align::left ? " class=\"left\"" : "";
}

std::string column_header(const Column& column, const char* more) {
  return fmt::format("<th scope=\"col\"{}{}>{}</th>", more, align_class(column),
                     html_text(column.header));
}

/// One header line, or two where columns have groups: those that have none span both.
std::string html_head(const Table& table) {
  std::string upper;
  std::string lower;
  const bool groups = table.has_groups();
  for (const ColumnGroup& group : column_groups(table)) {
    if (group.name.empty()) {
      upper += column_header(table.columns[group.first], groups ? " rowspan=\"2\"" : "");
      continue;
    }
    upper += fmt::format("<th scope=\"colgroup\" colspan=\"{}\" class=\"group\">{}</th>",
                         group.columns, html_text(group.name));
    for (std::size_t i = 0; i < group.columns; ++i) {
      lower += column_header(table.columns[group.first + i], "");
    }
  }
  return "<thead>\n<tr>" + upper + "</tr>\n" + (groups ? "<tr>" + lower + "</tr>\n" : "") +
         "</thead>\n";
}

std::string html_cell(const Column& column, const Cell& cell, bool names_row) {
  std::string text = cell.text ? html_text(*cell.text) : absent_cell;
  if (cell.bold && cell.text) text = "<strong>" + text + "</strong>";
  const std::string attributes = align_class(column);
  return names_row ? fmt::format("<th scope=\"row\"{}>{}</th>", attributes, text)
                   : fmt::format("<td{}>{}</td>", attributes, text);
}

std::string html_section(const Table& table, const Section& section) {
  std::string text = "<tbody>\n";
  if (!section.name.empty()) {
    text +=
        fmt::format("<tr><th scope=\"rowgroup\" colspan=\"{}\" class=\"section\">{}</th></tr>\n",
                    table.columns.size(), html_text(section.name));
  }
  for (const std::vector<Cell>& row : section.rows) {
    text += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += html_cell(table.columns[i], row[i], i == 0);
    }
    text += "</tr>\n";
  }
  return text + "</tbody>\n";
}

}  // namespace

std::string to_html(const Table& table) {
  check_table(table);
  std::string text = "<table>\n";
  if (!table.title.empty()) text += "<caption>" + html_text(table.title) + "</caption>\n";
  text += html_head(table);
  for (const Section& section : table.sections) text += html_section(table, section);
  if (!table.notes.empty()) {
    text += fmt::format("<tfoot><tr><td colspan=\"{}\">", table.columns.size());
    for (const std::string& note : table.notes) text += "<p>" + html_text(note) + "</p>";
    text += "</td></tr></tfoot>\n";
  }
  return text + "</table>\n";
}

}  // namespace austeer
