// Tables as CSV by RFC 4180.
#include <string_view>

#include "base/utf8.hpp"
#include "documents/table.hpp"
#include "documents/table_parts.hpp"

namespace austeer {
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

}  // namespace austeer
