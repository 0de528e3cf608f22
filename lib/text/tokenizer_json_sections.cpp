// Steps, Sequences of steps, and patterns.
#include "text/tokenizer_json_sections.hpp"

namespace austeer {
namespace {

constexpr std::size_t max_steps = 64;

}  // namespace

void refuse_section(const std::string& place, std::string_view what, std::string_view hint) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", std::string(hint)});
}

std::string type_of(const Json& step, const std::string& place) {
  return Fields(step, place).required<std::string>("type");
}

std::vector<const Json*> flatten(const Json& section, const char* list_key,
                                 const std::string& place) {
  std::vector<const Json*> steps;
  std::vector<const Json*> waiting{&section};
  while (!waiting.empty()) {
    const Json* step = waiting.back();
    waiting.pop_back();
    if (step->is_null()) continue;
    if (type_of(*step, place) != "Sequence") {
      steps.push_back(step);
      if (steps.size() > max_steps)
        refuse_section(place, fmt::format("more than {} steps", max_steps));
      continue;
    }
    Fields fields(*step, place);
    fields.required<std::string>("type");
    const Json& list = fields.value(list_key);
    fields.refuse_unknown();
    if (!list.is_array()) refuse_section(place, fmt::format("'{}' is not a list", list_key));
    for (auto inner = list.rbegin(); inner != list.rend(); ++inner) waiting.push_back(&*inner);
  }
  return steps;
}

Regex pattern_of(Fields& fields, const std::string& place) {
  Fields pattern = fields.object("pattern");
  const bool is_regex = pattern.has("Regex");
  const auto text = pattern.required<std::string>(is_regex ? "Regex" : "String");
  pattern.refuse_unknown();
  return Regex(is_regex ? text : Regex::escape(text), place);
}

}  // namespace austeer
