// Parsing and filling of prompt templates.
#include "text/template.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/data_json.hpp"
#include "base/error.hpp"

namespace austeer {
namespace {

[[noreturn]] void refuse_text(const std::string& place, std::size_t position,
                              std::string_view what) {
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
      refuse_text(place_, i, "a '}' that closes nothing");
    } else if (c == '{') {
      const std::size_t end = text.find_first_of("{}", i + 1);
      if (end == std::string_view::npos || text[end] == '{')
        refuse_text(place_, i, "an unclosed field");
      if (end == i + 1) refuse_text(place_, i, "an empty field");
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
    const Json* value = lookup(part.text);
    if (value == nullptr) {
      throw FormatError(
          {fmt::format("[template] {}: the record {} has no field '{}'", place_, record, part.text),
           "", "", "Is the field's name spelled as in the data?"});
    }
    const std::optional<std::string> filled = scalar_text(*value);
    if (!filled) refuse(part.text, record, *value);
    text += *filled;
  }
  return text;
}

std::vector<std::string> Template::fill_each(const Lookup& lookup, std::string_view record) const {
  const auto is_list = [&](const std::string& field) {
    const Json* value = lookup(field);
    return value != nullptr && value->is_array();
  };
  const auto listed = std::ranges::find_if(fields_, is_list);
  if (listed == fields_.end()) return {fill(lookup, record)};
  const Json& elements = *lookup(*listed);
  if (elements.empty()) {
    throw FormatError({fmt::format("[template] {}: the list '{}' of the record {} is empty", place_,
                                   *listed, record),
                       "at least one text", "", ""});
  }
  std::vector<std::string> texts;
  for (const Json& element : elements) {
    texts.push_back(
        fill([&](const std::string& field) { return field == *listed ? &element : lookup(field); },
             record));
  }
  return texts;
}

void Template::refuse(const std::string& field, std::string_view record, const Json& found) const {
  std::string hint = "Use another field, or leave such records out of the data";
  if (found.is_array()) {
    hint = fmt::format(
        "Name one of its elements: {{{0}[0]}}, or {{{0}[label]}} where the field 'label' has its "
        "number; only of a gold, a list means any of them",
        field);
  } else if (found.is_object()) {
    const std::string key = found.empty() ? "KEY" : found.begin().key();
    hint = fmt::format("Name one of its fields: {{{}.{}}}", field, key);
  }
  throw FormatError({fmt::format("[template] {}: the field '{}' of the record {} is no text",
                                 place_, field, record),
                     "a text, a number, true or false", kind_of(found), hint});
}

}  // namespace austeer
