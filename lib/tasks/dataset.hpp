#pragma once
// Datasets as flat records: whatever the file's format, a record is a map from field names to
// texts, and knows the place that it came from.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace austeer {

/// One item of a dataset file. Numbers and booleans are their JSON text ("3", "2.5", "true"), lists
/// compact JSON. A nested object gives compact JSON too, and a field for each of its own: the
/// "text" of "prompt" is "prompt.text". A JSON null is the same as a missing field.
struct Record {
  std::string place;  ///< "dev.jsonl:12" (the line), or "test.json: item 3", for messages
  std::map<std::string, std::string> fields;

  /// The field's text, or nullptr when the record has no such field.
  const std::string* find(const std::string& field) const;
};

/// All records of `file`, in its order. The format follows from the extension: .jsonl (one object
/// a line, blank lines skipped), .json (a list of objects, or an object that holds one list),
/// .csv (RFC 4180 with a header line), .xml (COPA's format). Everything is UTF-8. Throws FileError,
/// and FormatError, naming the file and the line, for anything malformed or a file without records.
std::vector<Record> read_records(const std::filesystem::path& file);

}  // namespace austeer
