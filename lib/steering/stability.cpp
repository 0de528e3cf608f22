#include "steering/stability.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <string>

#include "base/error.hpp"
#include "steering/assemble.hpp"
#include "steering/ranked_cache.hpp"
#include "steering/resampling.hpp"
#include "steering/unit_statistics.hpp"

namespace austeer {
namespace {

/// Samples whose scores are held at a time.
constexpr std::int64_t sample_batch = 128;

/// "momentum" or "stratified".
std::string counting_score(const Ranking& ranking) {
  const Json& options = ranking.options;
  std::string score = "none";
  if (options.is_object() && options.contains("score") && options.at("score").is_string()) {
    score = options.at("score").get<std::string>();
  }
  if (ranking.method == "austeer" && (score == "momentum" || score == "stratified")) return score;
  throw UsageError({"[stability] units are ranked again where their score counts pairs",
                    "a ranking of the method austeer with score=momentum or score=stratified",
                    fmt::format("the method {} with the score {}", ranking.method, score), ""});
}

void check_options(const StabilityOptions& options, const Ranking& ranking) {
  const auto units = static_cast<std::int64_t>(ranking.units.size());
  if (options.k < 1 || options.k > units) {
    throw UsageError({"[stability] k is out of range", fmt::format("1 to {}", units),
                      std::to_string(options.k), ""});
  }
  if (options.resamples < 1) {
    throw UsageError(
        {"[stability] resamples", "at least 1", std::to_string(options.resamples), ""});
  }
}

/// The signs of all sites' momenta, side by side: int8 [pairs, units].
at::Tensor signs_of(const Ranking& ranking, const ActivationCache& cache) {
  std::vector<at::Tensor> signs;
  for (const RankedSite& site : ranking.sites) {
    signs.push_back(momentum_signs(cache, key_in_cache(ranking, site, cache)));
  }
  return signs.size() == 1 ? signs.front() : at::cat(signs, 1);
}

Strata strata_of(const std::string& score, const ActivationCache& cache) {
  Strata strata;
  if (score == "stratified") {
    strata = pairs_by_class(cache);
  } else {
    strata.emplace_back(static_cast<std::size_t>(cache.description().pairs));
    std::iota(strata.front().begin(), strata.front().end(), std::int64_t{0});
  }
  for (const auto& members : strata) {
    if (members.size() > 1) continue;
    throw UsageError({"[stability] pairs are split into halves", "two pairs or more, of each class",
                      "one", "Collect more pairs"});
  }
  return strata;
}

/// The columns of the ranking's first k units.
std::vector<std::int64_t> top_columns(const Ranking& ranking, std::int64_t k) {
  std::vector<std::int64_t> starts = {0};
  for (const RankedSite& site : ranking.sites) {
    starts.push_back(starts.back() + ranking.layers * site.width);
  }
  std::vector<std::int64_t> columns;
  for (std::int64_t i = 0; i < k; ++i) {
    const RankedUnit& unit = ranking.units[static_cast<std::size_t>(i)];
    const auto site = static_cast<std::size_t>(unit.site);
    columns.push_back(starts[site] + unit.layer * ranking.sites[site].width + unit.dim);
  }
  return columns;
}

std::int64_t in_common(std::vector<std::int64_t> a, std::vector<std::int64_t> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::vector<std::int64_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return static_cast<std::int64_t>(both.size());
}

/// Calls action(count) for batches of at most sample_batch that make `samples` together.
template <typename Action>
void in_batches(std::int64_t samples, const Action& action) {
  for (std::int64_t done = 0; done < samples; done += sample_batch) {
    action(std::min(sample_batch, samples - done));
  }
}

/// For each of `top` the share of the bootstrap samples in whose top it is.
std::vector<double> shares_kept(const ResampledScores& scores, const Strata& strata,
                                std::int64_t pairs, const std::vector<std::int64_t>& top,
                                std::int64_t resamples, Random& random) {
  std::vector<double> kept(top.size());
  in_batches(resamples, [&](std::int64_t count) {
    const at::Tensor weights = resample_counts(strata, pairs, count, random);
    for (std::vector<std::int64_t> best :
         scores.best(weights, static_cast<std::int64_t>(top.size()))) {
      std::sort(best.begin(), best.end());
      for (std::size_t i = 0; i < top.size(); ++i) {
        kept[i] += std::binary_search(best.begin(), best.end(), top[i]);
      }
    }
  });
  for (double& share : kept) share /= static_cast<double>(resamples);
  return kept;
}

double overlap_of_halves(const ResampledScores& scores, const Strata& strata, std::int64_t pairs,
                         std::int64_t k, std::int64_t splits, Random& random) {
  std::int64_t common = 0;
  in_batches(splits, [&](std::int64_t count) {
    const at::Tensor halves = random_halves(strata, pairs, count, random);
    const auto best = scores.best(halves, k);
    const auto others = scores.best(1 - halves, k);
    for (std::size_t i = 0; i < best.size(); ++i) common += in_common(best[i], others[i]);
  });
  return static_cast<double>(common) / static_cast<double>(k * splits);
}

}  // namespace

Stability top_stability(const Ranking& ranking, const ActivationCache& cache,
                        const StabilityOptions& options) {
  const std::string score = counting_score(ranking);
  check_options(options, ranking);
  const at::Tensor signs = signs_of(ranking, cache);
  const Strata strata = strata_of(score, cache);
  const ResampledScores scores(signs, strata);
  Random random(options.seed);
  Stability result;
  result.options = options;
  result.unit_kept = shares_kept(scores, strata, ranking.pairs, top_columns(ranking, options.k),
                                 options.resamples, random);
  const auto k = static_cast<double>(options.k);
  result.kept = std::accumulate(result.unit_kept.begin(), result.unit_kept.end(), 0.0) / k;
  result.half_overlap =
      overlap_of_halves(scores, strata, ranking.pairs, options.k, options.resamples, random);
  result.chance = k / static_cast<double>(ranking.units.size());
  return result;
}

Json to_json(const Ranking& ranking, const Stability& stability) {
  const Ties ties = ties_at_cut(ranking, stability.options.k);
  Json units = Json::array();
  for (std::size_t i = 0; i < stability.unit_kept.size(); ++i) {
    const RankedUnit& unit = ranking.units[i];
    Json json = Json::object();
    if (ranking.sites.size() > 1) json["site"] = site_name_of(ranking, unit);
    json.update({{"layer", unit.layer}, {"dim", unit.dim}, {"kept", stability.unit_kept[i]}});
    units.push_back(std::move(json));
  }
  return {{"k", stability.options.k},
          {"resamples", stability.options.resamples},
          {"seed", stability.options.seed},
          {"kept", stability.kept},
          {"half_overlap", stability.half_overlap},
          {"chance", stability.chance},
          {"ties", {{"inside", ties.inside}, {"outside", ties.outside}}},
          {"units", units}};
}

Json answer_json(const Ranking& ranking, std::int64_t top,
                 const std::optional<Stability>& stability) {
  Json answer = answer_json(ranking, top);
  if (stability) answer["stability"] = to_json(ranking, *stability);
  return answer;
}

}  // namespace austeer
