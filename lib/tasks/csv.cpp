// A scanner that cuts CSV into rows, and the rows as records.
#include "tasks/csv.hpp"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>
#include <set>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace austeer {
namespace {

/// Cuts a text into rows of fields.
class CsvScanner {
 public:
  CsvScanner(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

  /// The next row into `row`; false at the end of the text.
  bool next(std::vector<std::string>& row) {
    if (text_.empty()) return false;
    row_line_ = line_;
    row.assign(1, field());
    while (skip(",")) row.push_back(field());
    if (skip("\n") || skip("\r\n")) ++line_;
    return true;
  }

  /// The line on which the last row started.
  std::size_t row_line() const { return row_line_; }

  [[noreturn]] void refuse(std::size_t line, const std::string& why) const {
    throw FormatError("dataset", fmt::format("{}:{}: {}", file_, line, why));
  }

 private:
  bool skip(std::string_view expected) {
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }

  std::string field() {
    const bool quoted = skip("\"");
    std::string value = quoted ? quoted_field() : bare_field();
    if (text_.starts_with('\r') && !text_.starts_with("\r\n")) {
      refuse(line_, "a carriage return that no line feed follows");
    }
    return value;
  }

  std::string bare_field() {
    const std::size_t end = std::min(text_.find_first_of(",\r\n\""), text_.size());
    std::string value(text_.substr(0, end));
    text_.remove_prefix(end);
    if (text_.starts_with('"')) {
      refuse(line_, "a quote inside a field that does not start with one");
    }
    return value;
  }

  /// The rest of a field whose opening quote is read.
  std::string quoted_field() {
    const std::size_t opened = line_;
    std::string value;
    for (;;) {
      const std::size_t quote = text_.find('"');
      if (quote == std::string_view::npos) refuse(opened, "a quote opens here and never closes");
      const std::string_view piece = text_.substr(0, quote);
      value += piece;
      line_ += static_cast<std::size_t>(std::ranges::count(piece, '\n'));
      text_.remove_prefix(quote + 1);
      if (!skip("\"")) break;
      value += '"';
    }
    if (!text_.empty() && text_.find_first_of(",\r\n") != 0) {
      refuse(line_, "text between a closing quote and the next comma");
    }
    return value;
  }

  std::string_view text_;  // what is still to be read
  std::string file_;
  std::size_t line_ = 1;
  std::size_t row_line_ = 1;
};

bool is_blank(const std::vector<std::string>& row) { return row.size() == 1 && row[0].empty(); }

std::vector<std::string> read_header(CsvScanner& scanner) {
  std::vector<std::string> header;
  if (!scanner.next(header) || is_blank(header)) {
    scanner.refuse(scanner.row_line(), "the header line is missing");
  }
  std::set<std::string> seen;
  for (const std::string& name : header) {
    if (!seen.insert(name).second) {
      scanner.refuse(scanner.row_line(), fmt::format("the column '{}' stands twice", name));
    }
  }
  return header;
}

}  // namespace

std::vector<Record> read_csv(std::string_view text, const std::filesystem::path& file) {
  CsvScanner scanner(text, file.string());
  const std::vector<std::string> header = read_header(scanner);
  std::vector<Record> records;
  std::vector<std::string> row;
  while (scanner.next(row)) {
    if (is_blank(row) && header.size() > 1) continue;
    if (row.size() != header.size()) {
      scanner.refuse(scanner.row_line(),
                     fmt::format("the row has {} fields; expected {}, as in the header", row.size(),
                                 header.size()));
    }
    Record record{fmt::format("{}:{}", file.filename().string(), scanner.row_line()), {}};
    for (std::size_t i = 0; i < header.size(); ++i) record.fields[header[i]] = std::move(row[i]);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace austeer
