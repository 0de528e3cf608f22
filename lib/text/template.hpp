#pragma once
// Prompt templates: text with {field} places, filled from a record. "{{" and "}}" are braces. What
// stands between braces is a name that the record knows; lists and objects have no text, so that a
// place must name one of their elements: {choices[0]}.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace austeer {

class Template {
 public:
  /// Parses `text`; `place` ("configs/tasks/copa.yaml: prompt") opens error messages. Throws
  /// FormatError for an unclosed or empty field.
  Template(std::string_view text, std::string place);

  /// The value of a field; nullptr where the record has no such field.
  using Lookup = std::function<const Json*(const std::string& field)>;

  /// The text with every field replaced by its scalar_text(). Throws FormatError, naming the field,
  /// the template and `record` ("train.jsonl:12"), for a field that the record lacks and for a
  /// list, an object, NaN or an infinity.
  std::string fill(const Lookup& lookup, std::string_view record) const;

  /// As fill(), but where one of the fields is a list, the text with each of its elements in turn.
  /// Throws FormatError also for an empty list and where two fields are lists.
  std::vector<std::string> fill_each(const Lookup& lookup, std::string_view record) const;

  /// The distinct field names, in order of appearance.
  const std::vector<std::string>& fields() const { return fields_; }

 private:
  [[noreturn]] void refuse(const std::string& field, std::string_view record,
                           const Json& found) const;

  struct Part {
    std::string text;
    bool is_field = false;
  };
  std::vector<Part> parts_;
  std::vector<std::string> fields_;
  std::string place_;
};

}  // namespace austeer
