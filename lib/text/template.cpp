// Parsing and filling of prompt templates.
#include "text/template.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"

namespace austeer {
namespace {

[[noreturn]] void refuse(const std::string& place, std::size_t position, std::string_view what) {
  throw FormatError({fmt::format("[template] {}: {} at byte {}", place, what, position), "", "",
                     "A field is written {name}; write {{ and }} for braces"});
}

}  // namespace

Template::Template(std::string_view text, std::string place) : place_(std::move(place)) {
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) parts_.push_back({std::move(literal), false});
    literal.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool doubled = i + 1 < text.size() && text[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      literal += c;
      ++i;
    } else if (c == '}') {
      refuse(place_, i, "a '}' that closes nothing");
    } else if (c == '{') {
      const std::size_t end = text.find_first_of("{}", i + 1);
      if (end == std::string_view::npos || text[end] == '{') refuse(place_, i, "an unclosed field");
      if (end == i + 1) refuse(place_, i, "an empty field");
      end_literal();
      std::string field(text.substr(i + 1, end - i - 1));
      if (std::find(fields_.begin(), fields_.end(), field) == fields_.end()) {
        fields_.push_back(field);
      }
      parts_.push_back({std::move(field), true});
      i = end;
    } else {
      literal += c;
    }
  }
  end_literal();
}

std::string Template::fill(const Lookup& lookup, std::string_view record) const {
  std::string text;
  for (const Part& part : parts_) {
    if (!part.is_field) {
      text += part.text;
      continue;
    }
    const std::string* value = lookup(part.text);
    if (value == nullptr) {
      throw FormatError(
          {fmt::format("[template] {}: the record {} has no field '{}'", place_, record, part.text),
           "", "", "Is the field's name spelled as in the data?"});
    }
    text += *value;
  }
  return text;
}

}  // namespace austeer
