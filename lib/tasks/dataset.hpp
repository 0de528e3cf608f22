#pragma once
// Reading data sets: whatever the file's format, it becomes a list of records.

#include <filesystem>
#include <optional>
#include <vector>

#include "tasks/record.hpp"

namespace austeer {

/// All records of `file`, in its order. The format follows from the extension: .jsonl (one object
/// a line, blank lines skipped), .json (a list of objects, or an object that holds one list; both
/// as parse_data_json() reads them), .csv and .tsv (read_csv(), whose `separator` this is), .xml
/// (COPA's format). Everything is UTF-8. Throws FileError, and FormatError, naming the file and the
/// line, for anything malformed or a file without records.
std::vector<Record> read_records(const std::filesystem::path& file,
                                 std::optional<char> separator = {});

}  // namespace austeer
