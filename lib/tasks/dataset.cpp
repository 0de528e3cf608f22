// Reading a dataset file: what all formats share (UTF-8, empty files), and the JSON formats.
#include "tasks/dataset.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "tasks/copa_xml.hpp"
#include "tasks/csv.hpp"
#include "tasks/strip.hpp"

namespace austeer {
namespace {

using Path = std::filesystem::path;
using Reader = std::vector<Record> (*)(std::string_view text, const Path& file);

void refuse_invalid_utf8(std::string_view text, const Path& file) {
  const std::size_t valid = valid_utf8_prefix(text);
  if (valid == text.size()) return;
  const auto line = 1 + std::ranges::count(text.substr(0, valid), '\n');
  throw FormatError({fmt::format("[dataset] {}:{}: not UTF-8", file.string(), line), "",
                     fmt::format("the byte 0x{:02X}", static_cast<unsigned char>(text[valid])),
                     "Convert the file to UTF-8, for example with iconv"});
}

std::optional<std::string> field_text(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return value.is_string() ? value.get<std::string>() : to_text(value);
}

/// Adds the fields of `object`, named after the path to them. Documents are at most 64 levels deep.
void add_fields(const Json& object, const std::string& prefix, Record& record) {
  for (const auto& [key, value] : object.items()) {
    if (auto text = field_text(value)) record.fields[prefix + key] = std::move(*text);
    if (value.is_object()) add_fields(value, prefix + key + ".", record);
  }
}

/// `where` is what follows the file's name in a place: ":12" or ": item 3".
Record record_from(const Json& object, const Path& file, const std::string& where) {
  if (!object.is_object()) {
    throw FormatError({fmt::format("[dataset] {}{}: not a record", file.string(), where),
                       "an object", object.type_name(), ""});
  }
  Record record{file.filename().string() + where, {}};
  add_fields(object, "", record);
  return record;
}

std::vector<Record> read_jsonl(std::string_view text, const Path& file) {
  std::vector<Record> records;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (stripped(content).empty()) continue;
    const std::string where = fmt::format(":{}", line);
    records.push_back(record_from(parse_json(content, file.string() + where), file, where));
  }
  return records;
}

const Json& only_list(const Json& document, const Path& file) {
  if (document.is_array()) return document;
  const Json* found = nullptr;
  std::size_t lists = 0;
  if (document.is_object()) {
    for (const auto& [key, value] : document.items()) {
      if (!value.is_array()) continue;
      found = &value;
      ++lists;
    }
  }
  if (lists != 1) {
    throw FormatError({fmt::format("[dataset] {}: no list of records", file.string()),
                       "a list of objects, or an object that holds exactly one list",
                       document.is_object() ? fmt::format("an object with {} lists", lists)
                                            : document.type_name(),
                       ""});
  }
  return *found;
}

std::vector<Record> read_json_list(std::string_view text, const Path& file) {
  const Json document = parse_json(text, file.string());
  std::vector<Record> records;
  for (const Json& element : only_list(document, file)) {
    records.push_back(record_from(element, file, fmt::format(": item {}", records.size() + 1)));
  }
  return records;
}

Reader reader_for(const Path& file) {
  static const std::map<std::string, Reader> readers = {{".jsonl", read_jsonl},
                                                        {".json", read_json_list},
                                                        {".csv", read_csv},
                                                        {".xml", read_copa_xml}};
  const auto found = readers.find(file.extension().string());
  if (found == readers.end()) {
    throw FormatError(
        {fmt::format("[dataset] {}: not a dataset format that is known", file.string()),
         "a name that ends with .jsonl, .json, .csv or .xml", "", ""});
  }
  return found->second;
}

}  // namespace

const std::string* Record::find(const std::string& field) const {
  const auto found = fields.find(field);
  return found == fields.end() ? nullptr : &found->second;
}

std::vector<Record> read_records(const Path& file) {
  const Reader reader = reader_for(file);
  const std::string bytes = read_file(file);
  std::string_view text = bytes;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // the byte order mark
  refuse_invalid_utf8(text, file);
  std::vector<Record> records;
  if (!stripped(text).empty()) records = reader(text, file);
  if (records.empty()) {
    throw FormatError("dataset", fmt::format("{}: the file holds no records", file.string()));
  }
  return records;
}

}  // namespace austeer
