#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <optional>

#include "statistics/random.hpp"
#include "statistics/sign_test.hpp"
#include "steering/assemble.hpp"
#include "steering/methods.hpp"
#include "steering/rank_sum.hpp"
#include "steering/ranking_methods.hpp"
#include "steering/unit_statistics.hpp"

namespace austeer {
namespace {

using Values = std::vector<double>;

struct Options {
  std::string score;
  bool fixed = false;
  std::string value;
  double stable = 0;
  std::uint64_t seed = 0;
  Json resolved;
};

Options read_options(const Json& given) {
  MethodOptions options(given, "austeer");
  Options result;
  result.score = options.choice(
      "score", {"momentum", "difference", "effect", "stratified", "auroc", "random"});
  result.fixed = options.choice("strength", {"adaptive", "fixed"}) == "fixed";
  result.value = options.choice("value", {"scale", "vector", "transport"});
  result.stable = options.number("stable", 0, 0, 1);
  if (result.score == "random") {
    result.seed = static_cast<std::uint64_t>(
        options.whole("seed", 0, 0, std::numeric_limits<std::int64_t>::max()));
  } else if (options.has("seed")) {
    options.refuse("seed", "only score=random draws anything");
  }
  if (result.fixed && result.value != "scale") {
    options.refuse("strength",
                   fmt::format("value={0} has the strength of the {1}, not a fixed one",
                               result.value, result.value == "vector" ? "vector" : "map"));
  }
  result.resolved = options.resolved();
  return result;
}

void check_sites(std::span<const std::string> sites) {
  if (sites.empty())
    throw UsageError("rank", "no site is named", "Name one: --site, in a study rank: {site: ...}");
  for (const std::string& site : sites) {
    if (std::ranges::count(sites, site) == 1) continue;
    throw UsageError("rank", fmt::format("the site {} is named twice", site));
  }
}

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

/// The share of pairs, signed as beta() is: a tie is positive.
double signed_share(double positive, double negative) {
  return positive >= negative ? positive : -negative;
}

Values betas(const MomentumSums& sums, std::int64_t pairs) {
  const auto n = static_cast<double>(pairs);
  Values values(sums.positive.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = signed_share(sums.positive[i] / n, sums.negative[i] / n);
  }
  return values;
}

/// As betas(), of the shares' means over the classes, each of which counts the same.
Values stratified_betas(const std::vector<ClassCounts>& classes) {
  const auto n = static_cast<double>(classes.size());
  Values values(classes.front().positive.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double positive = 0;
    double negative = 0;
    for (const ClassCounts& one : classes) {
      positive += one.positive[i] / static_cast<double>(one.pairs);
      negative += one.negative[i] / static_cast<double>(one.pairs);
    }
    values[i] = signed_share(positive / n, negative / n);
  }
  return values;
}

Values stratified_p_values(const std::vector<ClassCounts>& classes) {
  Values p_values(classes.front().positive.size());
  std::vector<std::pair<std::int32_t, std::int32_t>> counts(classes.size());
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    for (std::size_t c = 0; c < classes.size(); ++c) {
      counts[c] = {classes[c].positive[i], classes[c].negative[i]};
    }
    p_values[i] = stratified_sign_test_p_value(counts);
  }
  return p_values;
}

Values sizes(const Values& values) {
  Values result(values);
  for (double& value : result) value = std::abs(value);
  return result;
}

/// How AurA damps a unit that is higher in negative texts; no other has a value.
Values dampings(const Values& auroc) {
  Values values(auroc.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (auroc[i] > 0.5) values[i] = -2 * (auroc[i] - 0.5);
  }
  return values;
}

/// The factors of the maps from the negative to the positive texts' activations, less 1; 0, no
/// edit, for the map that changes nothing and where the negative texts do not vary.
Values transport_values(const SideMoments& sides) {
  const auto& [positive, negative] = sides;
  Values values(positive.mean.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (negative.deviation[i] == 0) continue;
    values[i] = positive.deviation[i] / negative.deviation[i] - 1;
    // A mere shift is an edit too: its factor is the double next to 1.
    if (values[i] == 0 && positive.mean[i] != negative.mean[i]) {
      values[i] = std::numeric_limits<double>::epsilon();
    }
  }
  return values;
}

/// Gives the units their maps, and the float64 sums from which a plan takes the shifts.
void set_transport(ScoredSite& site, const SideMoments& sides) {
  site.values = transport_values(sides);
  for (std::size_t i = 0; i < site.values.size(); ++i) {
    site.sums.momentum[i] = sides.positive.sum[i] - sides.negative.sum[i];
    site.sums.activation[i] = sides.positive.sum[i] + sides.negative.sum[i];
  }
}

/// Sets values of units without a usual sign to 0.
void keep_stable(Values& values, const Values& shares, double least) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (shares[i] < least) values[i] = 0;
  }
}

ScoredSite score_site(const ActivationCache& cache, const std::string& key,
                      const Options& options) {
  ScoredSite site{key, 1, sum_momenta(cache, key), {}, {}, {}};
  site.values = betas(site.sums, cache.description().pairs);
  std::optional<UnitMoments> moments;
  if (options.score == "difference" || options.score == "effect" || options.value == "vector") {
    moments = momentum_moments(cache, key);
    site.sums.momentum = moments->sum;
  }
  if (options.score == "stratified") {
    const std::vector<ClassCounts> classes = class_counts(cache, key);
    site.values = stratified_betas(classes);
    site.p_values = stratified_p_values(classes);
  }
  if (options.score == "auroc") {
    RankSums sums = rank_sums(cache, key);
    site.values = dampings(sums.auroc);
    site.scores = std::move(sums.auroc);
    site.p_values = std::move(sums.p_values);
  } else if (options.score == "difference") {
    site.scores = sizes(moments->mean);
  } else if (options.score == "effect") {
    site.scores = effects(*moments);
  } else {
    site.scores = sizes(site.values);
  }
  if (options.fixed) std::ranges::transform(site.values, site.values.begin(), sign);
  if (options.value == "vector") site.values = moments->mean;
  if (options.value == "transport") set_transport(site, side_moments(cache, key));
  if (options.stable > 0) keep_stable(site.values, sign_shares(cache, key), options.stable);
  return site;
}

/// Scores 1, (n - 1) / n, ... in an order drawn over all sites together.
void draw_scores(std::vector<ScoredSite>& sites, std::uint64_t seed) {
  std::vector<double*> scores;
  for (ScoredSite& site : sites) {
    for (double& score : site.scores) scores.push_back(&score);
  }
  Random random(seed);
  random.shuffle_first(scores, scores.size());
  const auto n = static_cast<double>(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) *scores[i] = (n - static_cast<double>(i)) / n;
}

PlanDefaults defaults_of(const Options& options) {
  if (options.value == "vector") return {Rule::add, Positions::all};
  if (options.value == "transport") return {Rule::transport, Positions::all, 1};
  if (options.score == "auroc") return {Rule::scale, Positions::all, 1};
  return {Rule::scale, Positions::all};
}

}  // namespace

Ranking rank_austeer(const ActivationCache& cache, std::span<const std::string> sites,
                     const Json& given) {
  const Options options = read_options(given);
  check_sites(sites);
  for (const std::string& site : sites) cache.site(site);
  std::vector<ScoredSite> scored;
  for (const std::string& site : sites) scored.push_back(score_site(cache, site, options));
  if (options.score == "random") draw_scores(scored, options.seed);
  return assemble_ranking(cache, "austeer", options.resolved, defaults_of(options), scored);
}

std::vector<std::string> austeer_reads(std::span<const std::string> sites, const Json& options) {
  read_options(options);
  check_sites(sites);
  return {sites.begin(), sites.end()};
}

}  // namespace austeer
