#include "steering/rule.hpp"

#include <array>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/suggest.hpp"

namespace austeer {
namespace {

constexpr std::array rules = {std::pair{"scale", Rule::scale},
                              std::pair{"directed", Rule::directed},
                              std::pair{"oriented", Rule::oriented}, std::pair{"add", Rule::add},
                              std::pair{"clamp", Rule::clamp}};

}  // namespace

std::string rule_name(Rule rule) {
  for (const auto& [name, known] : rules) {
    if (known == rule) return name;
  }
  return "";
}

Rule parse_rule(std::string_view name) {
  std::vector<std::string> known;
  for (const auto& [candidate, rule] : rules) {
    if (candidate == name) return rule;
    known.emplace_back(candidate);
  }
  throw UsageError("plan", fmt::format("unknown rule '{}'", name), suggestion(name, known));
}

}  // namespace austeer
