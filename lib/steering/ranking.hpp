#pragma once
// A ranking: every unit of one or more sites of a model, best first, with the statistics behind its
// place and the value that a plan gives it. Units that are chosen together (a head's, a layer's)
// form a group and stand together. One safetensors file; the columns are tensors, where they come
// from is JSON in the metadata (ranking_file.cpp).

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/names.hpp"
#include "plans/plan.hpp"
#include "plans/units.hpp"

namespace austeer {

/// How a plan made from a ranking treats an activation: what is done with alpha times a unit's
/// value. Of a unit with the activation x and the value v.
enum class Rule {
  /// x <- x (1 + alpha v): the published rule of AUSteer. A unit whose activation is negative moves
  /// against v.
  scale,
  /// x <- x + alpha v |x|: every unit moves in the direction of v.
  directed,
  /// x <- x (1 + alpha v sign(mean activation)): linear, and moves in the direction of v wherever a
  /// unit keeps its usual sign. A unit whose mean activation is 0 has no usual sign: it takes its
  /// place among the k, but gets no edit.
  oriented,
  /// x <- x + alpha v.
  add,
  /// x <- x0 (1 + alpha v) for the chosen units, x <- x0 for all others of the ranking's sites; x0
  /// is the activation in an unsteered pass over the same prompt. At the prompt's last token alone.
  clamp,
  /// x <- (1 - alpha) x + alpha (a x + b), alpha in [0, 1]: the map that takes the distribution of
  /// the negative texts' activations to that of the positive ones', by mean and standard deviation.
  /// a = 1 + v; b = mean of the positive texts - a * mean of the negative ones. Only of rankings
  /// whose values are made for it.
  transport,
  /// x <- 0: what a unit does is seen where it does nothing. Without a strength.
  zero,
  /// x <- mean activation: likewise, without leaving the range that the model expects.
  mean,
};

constexpr auto enum_table(Rule) {
  return EnumTable{
      "plan", "rule",
      std::array{std::pair{"scale", Rule::scale}, std::pair{"directed", Rule::directed},
                 std::pair{"oriented", Rule::oriented}, std::pair{"add", Rule::add},
                 std::pair{"clamp", Rule::clamp}, std::pair{"transport", Rule::transport},
                 std::pair{"zero", Rule::zero}, std::pair{"mean", Rule::mean}}};
}

/// One unit and what its pairs say. Momentum: activation of the positive minus that of the
/// negative text.
struct RankedUnit {
  std::int32_t site = 0;  ///< index into Ranking::sites
  std::int32_t layer = 0;
  std::int32_t dim = 0;
  double score = 0;            ///< what the ranking is ordered by; the same for all of a group
  double value = 0;            ///< what a plan multiplies by its strength; 0: never edited
  std::int32_t positive = 0;   ///< pairs with momentum > 0
  std::int32_t negative = 0;   ///< pairs with momentum < 0
  double mean_momentum = 0;    ///< over all pairs
  double p_value = 1;          ///< two-sided sign test of positive against negative; of
                               ///< a stratified score the stratified sign test, of auroc the
                               ///< rank-sum test
  double mean_activation = 0;  ///< over all positive and negative texts
  double magnitude = 0;        ///< mean |activation| over the same

  bool operator==(const RankedUnit&) const = default;
};

/// AUSteer's signed score of a unit (section 3): its share of the pairs with a momentum above 0
/// where those are at least as many as those with one below, else the share below, negated.
double beta(const RankedUnit& unit, std::int64_t pairs);

struct RankedSite {
  Site site = Site::ffn;
  std::int64_t width = 0;
  std::int64_t group = 1;  ///< dims that are chosen together: 1, head_dim, or the whole width

  bool operator==(const RankedSite&) const = default;
};

void describe(auto& visit, SettingsOf<RankedSite> auto& site) {
  visit(site.site, {.key = "site", .required = true});
  visit(site.width, {.key = "width", .required = true});
  visit(site.group, {.key = "group", .required = true});
}

struct Ranking {
  std::vector<RankedSite> sites;  ///< distinct
  std::int64_t layers = 0;
  std::int64_t pairs = 0;
  std::string method;
  Json options = Json::object();  ///< of the method, defaults included
  /// Where the activations come from: cache keys; names and fingerprints of model, tokenizer, task,
  /// pairs, ...; their dtype.
  Json provenance = Json::object();
  Rule rule = Rule::scale;               ///< how a plan edits unless it is told otherwise
  Positions positions = Positions::all;  ///< and at which tokens
  std::optional<double> alpha = {};      ///< and how strongly, where the method itself says it
  /// Every unit of every site. Groups come by descending score, among equals the lower site index,
  /// layer and dim first; the dims of a group stand together, ascending.
  std::vector<RankedUnit> units;

  bool operator==(const Ranking&) const = default;
};

/// What is beside the tensors of units.
void describe(auto& visit, SettingsOf<Ranking> auto& ranking) {
  visit(ranking.sites, {.key = "sites", .required = true});
  visit(ranking.layers, {.key = "layers", .required = true});
  visit(ranking.pairs, {.key = "pairs", .required = true});
  visit(ranking.method, {.key = "method", .required = true});
  visit(ranking.options, {.key = "options", .required = true});
  visit(ranking.rule, {.key = "rule", .required = true});
  visit(ranking.positions, {.key = "positions", .required = true});
  visit(ranking.alpha, {.key = "alpha"});
  visit(ranking.provenance, {.key = "provenance", .required = true});
}

/// Units per layer, over all sites.
std::int64_t units_per_layer(const Ranking& ranking);

/// The names of the sites, joined by commas: "attention,ffn".
std::string site_names(std::span<const RankedSite> sites);
std::string site_names(const Ranking& ranking);

/// The name of the site of one of the ranking's units.
std::string site_name_of(const Ranking& ranking, const RankedUnit& unit);

/// The groups of a checked ranking, in its order: each a run of ranking.units.
std::vector<std::span<const RankedUnit>> groups_of(const Ranking& ranking);

/// The first `top` of them; all where there are fewer.
std::vector<std::span<const RankedUnit>> top_groups(const Ranking& ranking, std::int64_t top);

/// {"site", "width", "pairs", "units": [...]}, the units of the first `top` groups in ranking
/// order. Of several sites "site" has all names, joined by commas, "width" the units of a layer at
/// all of them, and each unit a "site" of its own.
Json answer_json(const Ranking& ranking, std::int64_t top);

/// Throws FormatError, its message opened by `place`, unless the sites, layers and pairs are
/// possible ones: what comes before units are allocated and indexed by them.
void check_ranking_sizes(const Ranking& ranking, const std::string& place);

/// Throws FormatError, likewise, unless every unit is there once, in order,
/// with finite numbers and possible counts.
void check_ranking(const Ranking& ranking, const std::string& place);

/// Checks and writes `ranking` as one safetensors file: tensors site, layer, dim, positive,
/// negative (int32), score, value, mean_momentum, p_value, mean_activation, magnitude (float64),
/// each with one element per unit. Throws FormatError, FileError.
void save_ranking(const Ranking& ranking, const std::filesystem::path& file);

/// Reads and checks what save_ranking wrote. Throws FileError, FormatError.
Ranking load_ranking(const std::filesystem::path& file);

/// Whether `file` says of itself that it holds a ranking, of this version or another. Throws
/// FileError, FormatError for what is no safetensors file.
bool is_ranking_file(const std::filesystem::path& file);

}  // namespace austeer
