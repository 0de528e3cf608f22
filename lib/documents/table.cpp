#include "documents/table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/error.hpp"
#include "documents/table_parts.hpp"

namespace austeer {
namespace {

void check_row(const Table& table, const std::vector<Cell>& cells) {
  if (cells.size() == table.columns.size()) return;
  throw UsageError({fmt::format("[table] '{}': a row", table.title),
                    fmt::format("{} cells, one for each column", table.columns.size()),
                    std::to_string(cells.size()), ""});
}

}  // namespace

Table& Table::add_section(std::string name) {
  sections.push_back({std::move(name), {}});
  return *this;
}

Table& Table::add_row(std::vector<Cell> cells) {
  check_row(*this, cells);
  if (sections.empty()) sections.emplace_back();
  sections.back().rows.push_back(std::move(cells));
  return *this;
}

bool Table::has_groups() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const Column& column) { return !column.group.empty(); });
}

bool Table::has_named_sections() const {
  return std::any_of(sections.begin(), sections.end(),
                     [](const Section& section) { return !section.name.empty(); });
}

void check_table(const Table& table) {
  if (table.columns.empty()) {
    throw UsageError("table", fmt::format("'{}' has no columns", table.title));
  }
  for (const Section& section : table.sections) {
    for (const std::vector<Cell>& row : section.rows) check_row(table, row);
  }
}

std::vector<ColumnGroup> column_groups(const Table& table) {
  std::vector<ColumnGroup> groups;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& name = table.columns[i].group;
    if (!groups.empty() && !name.empty() && groups.back().name == name) {
      ++groups.back().columns;
    } else {
      groups.push_back({name, i, 1});
    }
  }
  return groups;
}

std::string flat_header(const Column& column) {
  if (column.group.empty()) return column.header;
  return column.header.empty() ? column.group : column.group + ": " + column.header;
}

}  // namespace austeer
