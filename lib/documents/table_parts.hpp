#pragma once
// What the four formats of a table share.

#include <cstddef>
#include <string>
#include <vector>

#include "documents/table.hpp"

namespace austeer {

inline const char* const absent_cell = "\u2014";  // an em dash

/// Throws UsageError for a table without columns, or with a row that has not one cell for each.
void check_table(const Table& table);

/// Neighbouring columns under one header; a column without a group is one of its own, named "".
struct ColumnGroup {
  std::string name;
  std::size_t first = 0;    ///< index of its first column
  std::size_t columns = 0;  ///< how many
};
std::vector<ColumnGroup> column_groups(const Table& table);

/// "group: header", for formats with one header line.
std::string flat_header(const Column& column);

}  // namespace austeer
