#include "steering/rules.hpp"

#include <cmath>
#include <fmt/format.h>
#include <map>

#include "base/suggest.hpp"

namespace austeer {
namespace {

constexpr std::array rules = {std::pair{"scale", Rule::scale},
                              std::pair{"directed", Rule::directed},
                              std::pair{"oriented", Rule::oriented}};

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

Operation operation_of(Rule rule) {
  return rule == Rule::directed ? Operation::directed : Operation::scale;
}

float value_of(const RankedUnit& unit, double alpha, Rule rule) {
  const double value =
      alpha * unit.beta * (rule == Rule::oriented ? sign(unit.mean_activation) : 1);
  const auto result = static_cast<float>(value);
  if (!std::isfinite(result)) {
    throw UsageError("plan", fmt::format("alpha {} gives edits beyond float32", alpha));
  }
  return result;
}

bool has_direction(const RankedUnit& unit, Rule rule) {
  return rule != Rule::oriented || unit.mean_activation != 0;
}

Json plan_provenance(const Ranking& ranking, std::int64_t k, double alpha, Rule rule,
                     std::int64_t units) {
  return {{"site", site_name(ranking.site)},
          {"k", k},
          {"alpha", alpha},
          {"rule", rule_name(rule)},
          {"units", units},
          {"ranking",
           {{"method", ranking.method},
            {"options", ranking.options},
            {"layers", ranking.layers},
            {"width", ranking.width},
            {"pairs", ranking.pairs},
            {"provenance", ranking.provenance}}}};
}

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

Plan plan_from_ranking(const Ranking& ranking, std::int64_t k, double alpha, Rule rule) {
  if (k < 1) {
    throw UsageError({fmt::format("[plan] k = {} steers nothing", k), "k >= 1", "", ""});
  }
  if (!std::isfinite(alpha)) {
    throw UsageError(
        {"[plan] alpha is not a number", "a finite value", fmt::format("{}", alpha), ""});
  }
  // layer -> dim -> value: both come out ascending, as the engine wants them.
  std::map<std::int64_t, std::map<std::int64_t, float>> by_layer;
  std::int64_t taken = 0;
  for (const RankedUnit& unit : ranking.units) {
    if (taken == k || unit.beta == 0) break;
    ++taken;
    if (has_direction(unit, rule)) by_layer[unit.layer][unit.dim] = value_of(unit, alpha, rule);
  }
  Plan plan;
  for (const auto& [layer, values] : by_layer) {
    Edit edit{ranking.site, layer, operation_of(rule), {}, {}};
    for (const auto& [dim, value] : values) {
      edit.dims.push_back(dim);
      edit.values.push_back(value);
    }
    plan.edits.push_back(std::move(edit));
  }
  plan.provenance = plan_provenance(ranking, k, alpha, rule, plan.units());
  return plan;
}

}  // namespace austeer
