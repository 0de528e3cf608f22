#include "steering/sta_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <span>
#include <vector>

#include "base/error.hpp"

namespace austeer {
namespace {

// Tokens whose atoms are computed at a time; answers may lie across two blocks.
constexpr std::int64_t block_tokens = 512;

/// The index of `layer` among those that the site keeps. Throws unless it can be read here.
std::int64_t kept_layer(const ActivationCache& cache, const CachedSite& site, std::int64_t layer,
                        const SparseAutoencoder& autoencoder) {
  if (!site.has_token_rows()) {
    throw UsageError({fmt::format("[rank] sta cannot use the site '{}'", site.key()),
                      "every token of the answers", fmt::format("positions '{}'", site.positions),
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

}  // namespace austeer
