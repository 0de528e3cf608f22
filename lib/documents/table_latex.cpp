// Tables as LaTeX with booktabs.
#include <fmt/format.h>

#include "documents/markup_text.hpp"
#include "documents/table.hpp"
#include "documents/table_parts.hpp"

namespace austeer {
namespace {

std::string latex_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : " & ") + cells[i];
  return line + " \\\\\n";
}

/// The line of group headers, with a rule under each.
std::string latex_groups(const Table& table) {
  std::vector<std::string> cells;
  std::string rules;
  for (const ColumnGroup& group : column_groups(table)) {
    if (group.name.empty()) {
      cells.emplace_back();
      continue;
    }
    cells.push_back(
        fmt::format("\\multicolumn{{{}}}{{c}}{{{}}}", group.columns, latex_text(group.name)));
    rules += fmt::format("\\cmidrule(lr){{{}-{}}}", group.first + 1, group.first + group.columns);
  }
  return latex_line(cells) + rules + "\n";
}

std::string latex_cell(const Cell& cell) {
  if (!cell.text) return latex_text(absent_cell);
  const std::string text = latex_text(*cell.text);
  return cell.bold ? "\\textbf{" + text + "}" : text;
}

std::string latex_body(const Table& table) {
  std::string text;
  for (std::size_t s = 0; s < table.sections.size(); ++s) {
    const Section& section = table.sections[s];
    if (s > 0) text += "\\midrule\n";
    if (!section.name.empty()) {
      text += fmt::format("\\multicolumn{{{}}}{{l}}{{\\textit{{{}}}}} \\\\\n", table.columns.size(),
                          latex_text(section.name));
    }
    for (const std::vector<Cell>& row : section.rows) {
      std::vector<std::string> cells;
      for (const Cell& cell : row) cells.push_back(latex_cell(cell));
      text += latex_line(cells);
    }
  }
  return text;
}

}  // namespace

std::string to_latex(const Table& table) {
  check_table(table);
  std::string alignment;
  std::vector<std::string> headers;
  for (const Column& column : table.columns) {
    alignment += column.align == Align::left ? 'l' : 'r';
    headers.push_back(latex_text(column.header));
  }
  std::string text = "% Needs \\usepackage{booktabs}.\n\\begin{table}[t]\n\\centering\n";
  if (!table.title.empty()) text += "\\caption{" + latex_text(table.title) + "}\n";
  text += "\\begin{tabular}{" + alignment + "}\n\\toprule\n";
  if (table.has_groups()) text += latex_groups(table);
  text += latex_line(headers) + "\\midrule\n" + latex_body(table);
  text += "\\bottomrule\n\\end{tabular}\n";
  for (const std::string& note : table.notes) {
    text += "\n\\smallskip\n{\\footnotesize " + latex_text(note) + "\\par}\n";
  }
  return text + "\\end{table}\n";
}

}  // namespace austeer
