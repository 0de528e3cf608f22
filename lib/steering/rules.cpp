#include "steering/rules.hpp"

#include <cmath>
#include <fmt/format.h>
#include <map>
#include <random>
#include <span>

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

/// The first k units that have a score.
std::vector<RankedUnit> first_units(const Ranking& ranking, std::int64_t k) {
  std::vector<RankedUnit> chosen;
  for (const RankedUnit& unit : ranking.units) {
    if (static_cast<std::int64_t>(chosen.size()) == k || unit.beta == 0) break;
    chosen.push_back(unit);
  }
  return chosen;
}

/// k units outside the first tenth that have a score, in the order in which they were drawn. The
/// shuffle is our own, as the standard library's differs from one to the other.
std::vector<RankedUnit> random_units(const Ranking& ranking, std::int64_t k, std::uint64_t seed) {
  constexpr std::size_t tenth = 10;
  const auto rest = std::span(ranking.units).subspan(ranking.units.size() / tenth);
  std::vector<RankedUnit> chosen;
  for (const RankedUnit& unit : rest) {
    if (unit.beta != 0) chosen.push_back(unit);
  }
  std::mt19937_64 random(seed);
  const std::size_t count = std::min(static_cast<std::size_t>(k), chosen.size());
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(chosen[i], chosen[i + random() % (chosen.size() - i)]);
  }
  chosen.resize(count);
  return chosen;
}

Json plan_provenance(const Ranking& ranking, std::int64_t k, double alpha, Rule rule,
                     std::optional<std::uint64_t> random_seed, std::int64_t units) {
  return {{"site", site_name(ranking.site)},
          {"k", k},
          {"alpha", alpha},
          {"rule", rule_name(rule)},
          {"random_seed", random_seed ? Json(*random_seed) : Json()},
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

Plan plan_from_ranking(const Ranking& ranking, std::int64_t k, double alpha, Rule rule,
                       std::optional<std::uint64_t> random_seed) {
  if (k < 1) {
    throw UsageError({fmt::format("[plan] k = {} steers nothing", k), "k >= 1", "", ""});
  }
  if (!std::isfinite(alpha)) {
    throw UsageError(
        {"[plan] alpha is not a number", "a finite value", fmt::format("{}", alpha), ""});
  }
  // layer -> dim -> value: both come out ascending, as the engine wants them.
  std::map<std::int64_t, std::map<std::int64_t, float>> by_layer;
  const std::vector<RankedUnit> chosen =
      random_seed ? random_units(ranking, k, *random_seed) : first_units(ranking, k);
  for (const RankedUnit& unit : chosen) {
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
  plan.provenance = plan_provenance(ranking, k, alpha, rule, random_seed, plan.units());
  return plan;
}

}  // namespace austeer
