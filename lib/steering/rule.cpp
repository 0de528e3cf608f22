#include "steering/rule.hpp"

#include <array>
#include <utility>

#include "base/enum_names.hpp"

namespace austeer {
namespace {

constexpr std::array rules = {std::pair{"scale", Rule::scale},
                              std::pair{"directed", Rule::directed},
                              std::pair{"oriented", Rule::oriented}, std::pair{"add", Rule::add},
                              std::pair{"clamp", Rule::clamp}};

}  // namespace

std::string rule_name(Rule rule) { return name_in(rules, rule); }

Rule parse_rule(std::string_view name) { return value_in(rules, name, "plan", "rule"); }

}  // namespace austeer
