// COPA's XML through expat: a handler that receives the parser's events, and the loop that feeds
// it.
#include "tasks/copa_xml.hpp"

#include <algorithm>
#include <cstddef>
#include <expat.h>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "tasks/metrics.hpp"

namespace austeer {
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
