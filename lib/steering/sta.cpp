#include "steering/sta.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <vector>

#include "base/enum_names.hpp"
#include "steering/assemble.hpp"
#include "steering/method_options.hpp"

namespace austeer {
namespace {

/// The least of `sizes` [M] that is among the `keep` largest.
double threshold(const at::Tensor& sizes, double keep) {
  const at::Tensor values = sizes.to(at::kDouble).contiguous();
  std::vector<double> ordered(values.const_data_ptr<double>(),
                              values.const_data_ptr<double>() + values.numel());
  const auto index =
      static_cast<std::ptrdiff_t>(std::floor(keep * static_cast<double>(ordered.size())));
  std::nth_element(ordered.begin(), ordered.begin() + index, ordered.end(), std::greater<>());
  return ordered[static_cast<std::size_t>(index)];
}

constexpr std::array atom_tests = {
    std::pair{"both", AtomTests::both}, std::pair{"activation", AtomTests::activation},
    std::pair{"frequency", AtomTests::frequency}, std::pair{"all", AtomTests::all}};

/// What is read of the options before anything is opened.
struct StaOptions {
  AtomTests tests;
  double keep;
  std::string autoencoder;
};

StaOptions read_sta(std::span<const std::string> sites, MethodOptions& options) {
  if (const std::string site = only_site("sta", sites); site != "layer") {
    throw UsageError("rank", "sta steers the site layer, not " + site);
  }
  const AtomTests tests =
      value_in(atom_tests, options.choice("atoms", names_in(atom_tests)), "rank", "atoms");
  // As a share: at 1 nothing would be left to compare with; `atoms` all is that.
  constexpr double least_keep = 1e-6;
  const double keep = options.number("keep", 0.35, least_keep, 1 - least_keep);
  return {tests, keep, options.required_text("sae")};
}

/// The layer to steer, as the options, the autoencoder or the cache say.
std::int64_t chosen_layer(MethodOptions& options, const OpenedAutoencoder& opened,
                          const CachedSite& site) {
  const std::int64_t last = site.layers - 1;
  if (!opened.layer && site.kept() > 1) return options.required_whole("layer", 0, last);
  const std::int64_t usual = opened.layer.value_or(site.layer(0));
  const std::int64_t layer = options.whole("layer", usual, 0, last);
  if (opened.layer && layer != *opened.layer) {
    options.refuse("layer", fmt::format("{} was trained on layer {}", opened.autoencoder.place(),
                                        *opened.layer));
  }
  return layer;
}

/// The sums of one layer among those of all, which are 0.
MomentumSums placed(const MomentumSums& sums, std::int64_t layer, std::int64_t layers) {
  const auto place = [&](const auto& values) {
    auto all =
        std::remove_cvref_t<decltype(values)>(values.size() * static_cast<std::size_t>(layers));
    std::ranges::copy(values, all.begin() + static_cast<std::ptrdiff_t>(values.size()) * layer);
    return all;
  };
  MomentumSums all;
  all.positive = place(sums.positive);
  all.negative = place(sums.negative);
  all.momentum = place(sums.momentum);
  all.activation = place(sums.activation);
  all.magnitude = place(sums.magnitude);
  return all;
}

}  // namespace

at::Tensor chosen_atoms(const AnswerStatistics& statistics, double keep, AtomTests tests) {
  const at::Tensor size = statistics.difference.abs();
  const at::Tensor agree = statistics.difference.sign().eq(statistics.frequency.sign());
  const at::Tensor often = statistics.frequency.abs().mul(agree);
  at::Tensor chosen = at::ones_like(agree);
  if (tests == AtomTests::both || tests == AtomTests::frequency) {
    chosen.logical_and_(often.ge(threshold(often, keep)));
  }
  if (tests == AtomTests::both || tests == AtomTests::activation) {
    chosen.logical_and_(size.ge(threshold(size, keep)));
  }
  return chosen;
}

at::Tensor sta_vector(const AnswerStatistics& statistics, const at::Tensor& chosen,
                      const at::Tensor& decoder, std::int64_t pairs) {
  const at::Tensor weights = statistics.difference.mul(chosen);  // [M]
  const at::Tensor vector = weights.to(at::kFloat).matmul(decoder).to(at::kDouble);
  const at::Tensor momentum =
      at::tensor(at::ArrayRef<double>(statistics.layer.momentum), at::kDouble);
  const double wanted = momentum.norm().item<double>() / static_cast<double>(pairs);
  const double found = vector.norm().item<double>();
  // Decoder rows have norms near one: what is left of much larger weights is rounding.
  constexpr double rounding = 1e-6;
  if (!(found > rounding * weights.norm().item<double>())) {
    throw ComputeError("rank",
                       "sta: the chosen atoms are as active in positive as in negative "
                       "answers, or cancel each other",
                       "Use another layer, a larger keep or another autoencoder");
  }
  if (!(wanted > 0)) {
    throw ComputeError("rank",
                       "sta: the layer's outputs are the same for positive and negative "
                       "answers");
  }
  return vector * (wanted / found);
}

std::vector<std::string> sta_reads(std::span<const std::string> sites, const Json& options) {
  MethodOptions given(options, "sta");
  read_sta(sites, given);
  if (given.has("layer"))
    given.required_whole("layer", 0, std::numeric_limits<std::int32_t>::max());
  given.resolved();
  return {"layer@answer_all"};
}

Ranking rank_sta(const ActivationCache& cache, std::span<const std::string> sites,
                 const Json& options) {
  MethodOptions given(options, "sta");
  const auto [tests, keep, autoencoder] = read_sta(sites, given);
  const std::string key = "layer.answer_all";
  const CachedSite& site = cache.site(key);
  const OpenedAutoencoder opened = open_sparse_autoencoder(autoencoder);
  const std::int64_t layer = chosen_layer(given, opened, site);
  const Json resolved = given.resolved();

  const AnswerStatistics statistics = answer_statistics(cache, key, layer, opened.autoencoder);
  const at::Tensor chosen = chosen_atoms(statistics, keep, tests);
  const at::Tensor vector =
      sta_vector(statistics, chosen, opened.autoencoder.decoder(), cache.description().pairs);

  ScoredSite scored;
  scored.key = key;
  scored.group = site.width;
  scored.sums = placed(statistics.layer, layer, site.layers);
  scored.scores.resize(static_cast<std::size_t>(site.layers));
  scored.scores[static_cast<std::size_t>(layer)] = 1;
  scored.values.resize(static_cast<std::size_t>(site.layers * site.width));
  std::copy_n(vector.const_data_ptr<double>(), site.width,
              scored.values.begin() + layer * site.width);
  const ScoredSite scored_sites[] = {std::move(scored)};
  Ranking ranking =
      assemble_ranking(cache, "sta", resolved, {Rule::add, Positions::all}, scored_sites);
  ranking.provenance["autoencoder"] = {{"form", opened.form},
                                       {"sha256", opened.sha256},
                                       {"atoms", opened.autoencoder.atoms()},
                                       {"chosen", chosen.sum().item<std::int64_t>()}};
  return ranking;
}

}  // namespace austeer
