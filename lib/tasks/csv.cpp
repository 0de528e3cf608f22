// A scanner that cuts CSV into rows, and the rows as records.
#include "tasks/csv.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <set>
#include <spdlog/spdlog.h>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace austeer {
namespace {

constexpr std::array separators = {std::pair{',', "commas"}, std::pair{';', "semicolons"},
                                   std::pair{'\t', "tabs"}};

/// Cuts a text into rows of fields.
class CsvScanner {
 public:
  CsvScanner(std::string_view text, std::string file, char separator)
      : text_(text),
        file_(std::move(file)),
        separator_(separator),
        field_end_{separator, '\r', '\n'} {}

  /// The next row into `row`; false at the end of the text.
  bool next(std::vector<std::string>& row) {
    if (text_.empty()) return false;
    row_line_ = line_;
    row.assign(1, field());
    while (skip(std::string_view(&separator_, 1))) row.push_back(field());
    if (skip("\n") || skip("\r\n")) ++line_;
    return true;
  }

  /// The line on which the last row started.
  std::size_t row_line() const { return row_line_; }

  /// The first line with text behind a closing quote; 0: none.
  std::size_t loose_quote_line() const { return loose_quote_line_; }

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
    const std::size_t end = std::min(text_.find_first_of(field_end_), text_.size());
    std::string value(text_.substr(0, end));
    text_.remove_prefix(end);
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
    if (text_.empty() || text_.find_first_of(field_end_) == 0) return value;
    if (loose_quote_line_ == 0) loose_quote_line_ = line_;
    return value + bare_field();
  }

  std::string_view text_;  // what is still to be read
  std::string file_;
  char separator_;
  std::string field_end_;  // the characters that end a bare field
  std::size_t line_ = 1;
  std::size_t row_line_ = 1;
  std::size_t loose_quote_line_ = 0;
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

/// How often `c` stands outside quotes in the first line of `text`.
std::size_t count_in_header(std::string_view text, char c) {
  std::size_t count = 0;
  bool quoted = false;
  for (const char each : text) {
    if (each == '"') quoted = !quoted;
    if (quoted) continue;
    if (each == '\n') break;
    if (each == c) ++count;
  }
  return count;
}

/// The separator that the header line speaks for.
char sniffed_separator(std::string_view text, const std::string& file) {
  std::size_t best = 0;
  std::size_t met = 0;
  std::array<std::size_t, separators.size()> counts{};
  for (std::size_t i = 0; i < separators.size(); ++i) {
    counts[i] = count_in_header(text, separators[i].first);
    if (counts[i] > counts[best]) best = i;
    if (counts[i] > 0) ++met;
  }
  const auto& [separator, name] = separators[best];
  if (met > 1) {
    spdlog::warn(
        "{}: the header line has several of comma, semicolon and tab; it is read as separated by "
        "{}. The task's key 'separator' names another",
        file, name);
  } else if (best > 0) {
    spdlog::info("{}: separated by {}", file, name);
  }
  return separator;
}

}  // namespace

std::vector<Record> read_csv(std::string_view text, const std::filesystem::path& file,
                             std::optional<char> separator) {
  CsvScanner scanner(text, file.string(),
                     separator ? *separator : sniffed_separator(text, file.string()));
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
    Record record{fmt::format("{}:{}", file.filename().string(), scanner.row_line())};
    for (std::size_t i = 0; i < header.size(); ++i) record.fields[header[i]] = std::move(row[i]);
    records.push_back(std::move(record));
  }
  if (scanner.loose_quote_line() > 0) {
    spdlog::warn(
        "{}:{}: text behind a closing quote, here and perhaps further down: it is kept, and later "
        "quotes of the field stand for themselves, as in Python's csv. A quote inside a quoted "
        "field is written twice",
        file.string(), scanner.loose_quote_line());
  }
  return records;
}

}  // namespace austeer
