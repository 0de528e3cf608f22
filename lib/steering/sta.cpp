#include "steering/sta.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "base/names.hpp"
#include "steering/assemble.hpp"
#include "steering/methods.hpp"
#include "steering/ranking_methods.hpp"

namespace austeer {

namespace {

// Tokens whose atoms are computed at a time; answers may lie across two blocks.
constexpr std::int64_t block_tokens = 512;

/// The index of `layer` among those that the site keeps. Throws unless it can be read here.
std::int64_t kept_layer(const ActivationCache& cache, const CachedSite& site, std::int64_t layer,
                        const SparseAutoencoder& autoencoder) {
  if (!site.has_token_rows()) {
    throw UsageError({fmt::format("[rank] sta cannot use the site '{}'", site.key()),
                      "every token of the answers",
                      fmt::format("positions '{}'", enum_name(site.positions)),
                      "Collect the site layer@answer_all"});
  }
  if (autoencoder.width() != site.width) {
    throw UsageError({fmt::format("[rank] {} is of another model than {}", autoencoder.place(),
                                  cache.path().string()),
                      fmt::format("an autoencoder of width {}", site.width),
                      std::to_string(autoencoder.width()), ""});
  }
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < site.kept(); ++i) {
    if (site.layer(i) == layer) return i;
    kept.push_back(site.layer(i));
  }
  throw UsageError(
      {fmt::format("[rank] {} holds no answer tokens of layer {}", cache.path().string(), layer),
       fmt::format("a layer of {}", fmt::join(kept, ", ")), std::to_string(layer),
       "Collect layer@answer_all for that layer"});
}

/// Calls take(text, sum of its atoms [M] in float64) for each text, whose tokens are consecutive
/// rows of `x` [tokens, D]. The cache has checked that there are as many rows as tokens.
template <typename Take>
void for_each_answer(const at::Tensor& x, std::span<const std::int64_t> tokens,
                     const SparseAutoencoder& autoencoder, const Take& take) {
  at::Tensor block;
  std::int64_t read = 0;  // rows of x that are in blocks already
  std::int64_t used = 0;  // rows of the block that are in sums already
  for (std::size_t text = 0; text < tokens.size(); ++text) {
    at::Tensor sum = at::zeros({autoencoder.atoms()}, at::kDouble);
    for (std::int64_t left = tokens[text]; left > 0;) {
      if (!block.defined() || used == block.size(0)) {
        const std::int64_t count = std::min(block_tokens, x.size(0) - read);
        block = autoencoder.activations(x.narrow(0, read, count));
        read += count;
        used = 0;
      }
      const std::int64_t count = std::min(left, block.size(0) - used);
      sum += block.narrow(0, used, count).sum(0, false, at::kDouble);
      used += count;
      left -= count;
    }
    take(text, sum);
  }
}

/// The means over each text's rows of `x` [tokens, D]: float64 [texts, D].
at::Tensor answer_means(const at::Tensor& x, std::span<const std::int64_t> tokens) {
  at::Tensor means = at::empty({static_cast<std::int64_t>(tokens.size()), x.size(1)}, at::kDouble);
  std::int64_t first = 0;
  for (std::size_t text = 0; text < tokens.size(); ++text) {
    means[static_cast<std::int64_t>(text)] =
        x.narrow(0, first, tokens[text]).mean(0, false, at::kDouble);
    first += tokens[text];
  }
  return means;
}

/// What the answers of one side say of the atoms.
struct SideSums {
  at::Tensor activation;  ///< [M] float64, sum of the answers' means
  at::Tensor active;      ///< [M] int64, answers in which the atom is active

  explicit SideSums(std::int64_t atoms)
      : activation(at::zeros({atoms}, at::kDouble)), active(at::zeros({atoms}, at::kLong)) {}

  void add(const at::Tensor& x, std::span<const std::int64_t> tokens,
           const SparseAutoencoder& autoencoder) {
    for_each_answer(x, tokens, autoencoder, [&](std::size_t text, const at::Tensor& sum) {
      activation.add_(sum, 1 / static_cast<double>(tokens[text]));
      active.add_(sum.gt(0));
    });
  }
};

template <typename T>
void add_to(std::vector<T>& sums, const at::Tensor& terms) {
  const at::Tensor values = terms.to(c10::CppTypeToScalarType<T>::value).contiguous();
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += values.template const_data_ptr<T>()[i];
}

/// Adds the pairs of a shard, from the means of their answers: float64 [pairs, D] each.
void add_layer(const at::Tensor& positive, const at::Tensor& negative, MomentumSums& sums) {
  const at::Tensor momentum = positive - negative;
  add_to(sums.positive, momentum.gt(0).sum(0));
  add_to(sums.negative, momentum.lt(0).sum(0));
  add_to(sums.momentum, momentum.sum(0));
  add_to(sums.activation, positive.sum(0) + negative.sum(0));
  add_to(sums.magnitude, positive.abs().sum(0) + negative.abs().sum(0));
}

}  // namespace

AnswerStatistics answer_statistics(const ActivationCache& cache, const std::string& key,
                                   std::int64_t layer, const SparseAutoencoder& autoencoder) {
  const CachedSite& site = cache.site(key);
  const std::int64_t index = kept_layer(cache, site, layer, autoencoder);
  const CacheDescription& part = cache.part(key);
  SideSums positive_atoms(autoencoder.atoms());
  SideSums negative_atoms(autoencoder.atoms());
  MomentumSums sums(static_cast<std::size_t>(site.width));
  const std::span all_positive(part.answer_tokens.positive);
  const std::span all_negative(part.answer_tokens.negative);
  std::size_t pair = 0;
  for (std::int64_t i = 0; i < cache.shards(key); ++i) {
    if (i + 1 < cache.shards(key)) cache.will_need(key, i + 1);
    const SiteActivations shard = cache.shard(key, i);
    const auto pairs = static_cast<std::size_t>(part.pairs_in_shard(i));
    const auto positive_tokens = all_positive.subspan(pair, pairs);
    const auto negative_tokens = all_negative.subspan(pair, pairs);
    const at::Tensor positive = shard.positive.select(1, index);
    const at::Tensor negative = shard.negative.select(1, index);
    positive_atoms.add(positive, positive_tokens, autoencoder);
    negative_atoms.add(negative, negative_tokens, autoencoder);
    add_layer(answer_means(positive, positive_tokens), answer_means(negative, negative_tokens),
              sums);
    pair += pairs;
  }
  AnswerStatistics statistics{
      (positive_atoms.activation - negative_atoms.activation) / static_cast<double>(part.pairs),
      positive_atoms.active - negative_atoms.active, std::move(sums)};
  const bool finite = statistics.difference.isfinite().all().item<bool>() &&
                      std::ranges::all_of(statistics.layer.activation,
                                          [](double sum) { return std::isfinite(sum); });
  if (finite) return statistics;
  throw ComputeError("rank",
                     fmt::format("{}: activations at site {}, layer {} are not finite numbers, or "
                                 "too large for {}",
                                 cache.path().string(), site.key(), layer, autoencoder.place()));
}

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
  const std::string key = "layer@answer_all";
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
