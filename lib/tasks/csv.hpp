#pragma once
// CSV datasets by RFC 4180: commas, double quotes, a header line with the fields' names.

#include <filesystem>
#include <string_view>
#include <vector>

#include "tasks/dataset.hpp"

namespace austeer {

/// The records of `text`, which was read from `file`. Lines end with LF or CR LF; quoted fields may
/// hold commas, quotes (doubled) and line breaks; blank lines are skipped where there is more than
/// one column. A record's place is the line on which it starts. Throws FormatError for a quote that
/// stays open or stands inside a bare field, rows of another length than the header, a column name
/// that stands twice, and a carriage return alone.
std::vector<Record> read_csv(std::string_view text, const std::filesystem::path& file);

}  // namespace austeer
