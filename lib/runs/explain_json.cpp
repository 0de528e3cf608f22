// The explanation of units as JSON.

#include "runs/explain_units.hpp"
#include "steering/fdr.hpp"

namespace austeer {
namespace {

Json explained_pairs_json(const std::vector<PairMomentum>& some, const std::vector<Pair>& texts) {
  Json json = Json::array();
  for (const auto& [pair, momentum] : some) {
    Json one = {{"pair", pair}, {"momentum", momentum}};
    if (!texts.empty()) {
      const Pair& text = texts[static_cast<std::size_t>(pair)];
      one.update({{"positive", text.positive}, {"negative", text.negative}});
    }
    json.push_back(std::move(one));
  }
  return json;
}

Json explained_unit_json(const ExplainedUnit& unit, const Explanation& explanation) {
  const RankedUnit& statistics = unit.statistics;
  Json json = {{"unit", unit_text(unit.name)},    {"score", statistics.score},
               {"value", statistics.value},       {"positive", statistics.positive},
               {"negative", statistics.negative}, {"mean_momentum", statistics.mean_momentum},
               {"p_value", statistics.p_value},   {"q_value", unit.q_value}};
  json.update(to_json(unit.tokens));
  if (explanation.pairs) {
    json["agreeing"] = explained_pairs_json(unit.pairs.agreeing, explanation.pairs->pairs);
    json["disagreeing"] = explained_pairs_json(unit.pairs.disagreeing, explanation.pairs->pairs);
  }
  return json;
}

}  // namespace

Json to_json(const Ranking& ranking, const Explanation& explanation) {
  Json json = {{"site", site_names(ranking)},
               {"pairs", ranking.pairs},
               {"all_units", ranking.units.size()},
               {"significant", significant_units(explanation.q_values)},
               {"false_discovery_rate", false_discovery_rate},
               {"smallest_p_value", explanation.smallest_p_value},
               {"smallest_by_chance", explanation.smallest_by_chance},
               {"units", Json::array()}};
  for (std::size_t i = 0; i < explanation.units.size(); ++i) {
    Json unit = explained_unit_json(explanation.units[i], explanation);
    if (explanation.effects) {
      const std::optional<double>& effect = explanation.effects->without[i];
      unit["left_out"] = effect ? Json(*effect) : Json(nullptr);
    }
    json["units"].push_back(std::move(unit));
  }
  if (explanation.pairs && !explanation.pairs->missing.empty()) {
    json["no_texts"] = explanation.pairs->missing;
  }
  if (explanation.effects) {
    json["effect"] = {{"prompts", explanation.effects->prompts},
                      {"plan", explanation.effects->plan}};
  }
  return json;
}

}  // namespace austeer
