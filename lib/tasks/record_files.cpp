#include "tasks/record_files.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <expat.h>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <set>
#include <spdlog/spdlog.h>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "tasks/metrics.hpp"

namespace austeer {

// A scanner that cuts CSV into rows, and the rows as records.

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

// COPA's XML through expat: a handler that receives the parser's events, and the loop that feeds
// it.

namespace {

// Levels of the document: the root holds items, an item holds its texts.
constexpr int item_level = 1;
constexpr int text_level = 2;

const std::map<std::string, std::string> text_fields = {
    {"p", "premise"}, {"a1", "choice1"}, {"a2", "choice2"}};

/// Gathers the records from the parser's events. Nothing may be thrown through the parser, which is
/// C: the first problem is kept and the parser told to stop.
class CopaHandler {
 public:
  CopaHandler(XML_Parser parser, std::string file_name)
      : parser_(parser), file_name_(std::move(file_name)) {}

  void start(const std::string& name, const char** attributes) {
    if (stopped()) return;
    if (level_ == item_level) {
      if (name != "item") return stop(fmt::format("unknown element <{}>; expected <item>", name));
      start_item(attributes);
    } else if (level_ == text_level) {
      start_text(name);
    } else if (level_ > text_level) {
      return stop(fmt::format("the element <{}> stands inside a text", name));
    }
    ++level_;
  }

  void end(const std::string& name) {
    if (stopped()) return;
    --level_;
    if (level_ == text_level) {
      record_.fields[text_fields.at(name)] = std::string(stripped(text_));
    } else if (level_ == item_level) {
      end_item();
    }
  }

  void characters(std::string_view piece) {
    if (stopped()) return;
    if (level_ > text_level) {
      text_ += piece;
    } else if (!stripped(piece).empty()) {
      stop("text outside <p>, <a1> and <a2>");
    }
  }

  void stop(const std::string& problem) {
    if (stopped()) return;
    problem_ = problem;
    problem_line_ = line();
    XML_StopParser(parser_, XML_FALSE);
  }

  bool stopped() const { return !problem_.empty(); }
  const std::string& problem() const { return problem_; }
  std::size_t problem_line() const { return problem_line_; }
  std::vector<Record>& records() { return records_; }

 private:
  std::size_t line() const { return static_cast<std::size_t>(XML_GetCurrentLineNumber(parser_)); }

  void start_item(const char** attributes) {
    record_ = Record{fmt::format("{}:{}", file_name_, line())};
    for (; *attributes != nullptr; attributes += 2) {
      const std::string name = attributes[0];
      const std::string value = attributes[1];
      if (name == "id") {
        record_.fields["idx"] = value;
      } else if (name == "asks-for") {
        if (value != "cause" && value != "effect") {
          return stop(fmt::format("asks-for is '{}'; expected cause or effect", value));
        }
        record_.fields["question"] = value;
      } else if (name == "most-plausible-alternative") {
        if (value != "1" && value != "2") {
          return stop(fmt::format("most-plausible-alternative is '{}'; expected 1 or 2", value));
        }
        record_.fields["label"] = std::string(1, value == "1" ? '0' : '1');
      }
    }
  }

  void start_text(const std::string& name) {
    const auto field = text_fields.find(name);
    if (field == text_fields.end()) {
      return stop(fmt::format("unknown element <{}>; expected <p>, <a1> or <a2>", name));
    }
    if (record_.fields.contains(field->second)) {
      return stop(fmt::format("<{}> stands twice in its item", name));
    }
    text_.clear();
  }

  void end_item() {
    for (const auto& [field, source] :
         {std::pair("idx", "the attribute id"), std::pair("question", "the attribute asks-for"),
          std::pair("premise", "<p>"), std::pair("choice1", "<a1>"),
          std::pair("choice2", "<a2>")}) {
      if (!record_.fields.contains(field)) {
        return stop(fmt::format("the item that ends here lacks {}", source));
      }
    }
    records_.push_back(std::move(record_));
  }

  XML_Parser parser_;
  std::string file_name_;
  std::vector<Record> records_;
  Record record_;
  std::string text_;
  int level_ = 0;
  std::string problem_;
  std::size_t problem_line_ = 0;
};

CopaHandler& handler_of(void* data) { return *static_cast<CopaHandler*>(data); }

void set_handlers(XML_Parser parser, CopaHandler& handler) {
  XML_SetUserData(parser, &handler);
  XML_SetElementHandler(
      parser,
      [](void* data, const char* name, const char** attributes) {
        handler_of(data).start(name, attributes);
      },
      [](void* data, const char* name) { handler_of(data).end(name); });
  XML_SetCharacterDataHandler(parser, [](void* data, const char* text, int size) {
    handler_of(data).characters({text, static_cast<std::size_t>(size)});
  });
  XML_SetEntityDeclHandler(parser, [](void* data, const char* name, int, const char*, int,
                                      const char*, const char*, const char*, const char*) {
    handler_of(data).stop(fmt::format("the document declares the entity '{}'; refused", name));
  });
  XML_SetSkippedEntityHandler(parser, [](void* data, const char* name, int) {
    handler_of(data).stop(fmt::format("the entity '{}' is not known", name));
  });
}

}  // namespace

std::vector<Record> read_copa_xml(std::string_view text, const std::filesystem::path& file) {
  constexpr std::size_t piece_size = std::size_t{1} << 20;
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreate(nullptr),
                                                                       XML_ParserFree);
  if (!parser) throw Error("dataset", "no memory for the XML parser");
  CopaHandler handler(parser.get(), file.filename().string());
  set_handlers(parser.get(), handler);

  bool parsed = true;
  while (parsed && !text.empty()) {
    const std::string_view piece = text.substr(0, piece_size);
    text.remove_prefix(piece.size());
    parsed = XML_Parse(parser.get(), piece.data(), static_cast<int>(piece.size()),
                       text.empty() ? XML_TRUE : XML_FALSE) == XML_STATUS_OK;
  }
  if (handler.stopped()) {
    throw FormatError("dataset", fmt::format("{}:{}: {}", file.string(), handler.problem_line(),
                                             handler.problem()));
  }
  if (!parsed) {
    throw FormatError("dataset", fmt::format("{}:{}: broken XML ({})", file.string(),
                                             XML_GetCurrentLineNumber(parser.get()),
                                             XML_ErrorString(XML_GetErrorCode(parser.get()))));
  }
  return std::move(handler.records());
}

}  // namespace austeer
