#pragma once
// Prompt templates: text with {field} places, filled from a record. "{{" and "}}" are braces.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

class Template {
 public:
  /// Parses `text`; `place` ("configs/tasks/copa.yaml: prompt") opens error messages. Throws
  /// FormatError for an unclosed or empty field.
  Template(std::string_view text, std::string place);

  /// The text with every field replaced. `lookup(field)` returns the value, or nullptr when the
  /// record has no such field: FormatError, naming the field, the template and `record`
  /// ("train.jsonl:12").
  using Lookup = std::function<const std::string*(const std::string& field)>;
  std::string fill(const Lookup& lookup, std::string_view record) const;

  /// The distinct field names, in order of appearance.
  const std::vector<std::string>& fields() const { return fields_; }

 private:
  struct Part {
    std::string text;
    bool is_field = false;
  };
  std::vector<Part> parts_;
  std::vector<std::string> fields_;
  std::string place_;
};

}  // namespace austeer
