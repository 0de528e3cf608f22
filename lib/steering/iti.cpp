#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "learning/logistic.hpp"
#include "steering/assemble.hpp"
#include "steering/methods.hpp"
#include "steering/ranking_methods.hpp"
#include "steering/unit_statistics.hpp"

namespace austeer {
namespace {

constexpr std::int64_t folds = 5;  // the last pair of each run of five validates
constexpr double probe_c = 1;

/// Which pairs train the probes and which validate them.
struct Split {
  at::Tensor training;    // int64
  at::Tensor validation;  // int64
};

Split split_pairs(std::int64_t pairs) {
  const at::Tensor all = at::arange(pairs, at::kLong);
  const at::Tensor held_out = all.remainder(folds).eq(folds - 1);
  return {all.masked_select(held_out.logical_not()), all.masked_select(held_out)};
}

struct Head {
  at::Tensor positive;  // float64 [N, head_dim]
  at::Tensor negative;
};

LogisticModel fit_probe(const Head& head, const at::Tensor& training) {
  const at::Tensor rows =
      at::cat({head.positive.index_select(0, training), head.negative.index_select(0, training)});
  const auto n = static_cast<std::size_t>(training.numel());
  std::vector<double> labels(2 * n);
  std::fill_n(labels.begin(), n, 1.0);
  return fit_logistic(rows, labels, probe_c);
}

/// The share of validation texts on whose side of 0 the probe's logit is right.
double accuracy(const Head& head, const LogisticModel& probe, const at::Tensor& weights,
                const at::Tensor& validation) {
  const auto above = [&](const at::Tensor& texts) {
    const at::Tensor logits = texts.index_select(0, validation).mv(weights) + probe.intercept;
    return logits.gt(0).sum().item<std::int64_t>();
  };
  const std::int64_t right = above(head.positive) + validation.numel() - above(head.negative);
  return static_cast<double>(right) / static_cast<double>(2 * validation.numel());
}

/// sigma theta of a head for the unscaled `direction` [head_dim]; zeros where that has no length.
at::Tensor shift(const Head& head, const at::Tensor& direction) {
  const double length = direction.norm().item<double>();
  if (length == 0) return direction;
  const at::Tensor theta = direction / length;
  const at::Tensor along = at::cat({head.positive.mv(theta), head.negative.mv(theta)});
  return theta * along.std(0, /*unbiased=*/false);
}

class Heads {
 public:
  Heads(std::int64_t pairs, bool by_probe) : split_(split_pairs(pairs)), by_probe_(by_probe) {}

  /// Scores and values of the heads of one layer: scores [heads], values [heads * head_dim].
  void measure(const SiteActivations& layer, std::int64_t head_dim, double* scores,
               double* values) const {
    const std::int64_t heads = layer.positive.size(1) / head_dim;
    at::parallel_for(0, heads, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto slice = [&](const at::Tensor& texts) {
          return texts.narrow(1, i * head_dim, head_dim).to(at::kDouble).contiguous();
        };
        const Head head{slice(layer.positive), slice(layer.negative)};
        const LogisticModel probe = fit_probe(head, split_.training);
        const at::Tensor weights = at::tensor(probe.weights, at::kDouble);
        scores[i] = accuracy(head, probe, weights, split_.validation);
        const at::Tensor shifted =
            shift(head, by_probe_ ? weights : head.positive.mean(0) - head.negative.mean(0));
        const double* shifts = shifted.const_data_ptr<double>();
        std::copy(shifts, shifts + head_dim, values + i * head_dim);
      }
    });
  }

 private:
  Split split_;
  bool by_probe_;
};

struct ItiOptions {
  bool by_probe;
  Json resolved;
};

ItiOptions read_iti(std::span<const std::string> sites, const Json& given) {
  MethodOptions options(given, "iti");
  const bool by_probe = options.choice("direction", {"mass_mean", "probe"}) == "probe";
  ItiOptions read{by_probe, options.resolved()};
  if (only_site("iti", sites) == "attention") return read;
  throw UsageError("rank", "iti steers heads, at the site attention, not " + sites.front());
}

}  // namespace

std::vector<std::string> iti_reads(std::span<const std::string> sites, const Json& options) {
  read_iti(sites, options);
  return {sites.begin(), sites.end()};
}

Ranking rank_iti(const ActivationCache& cache, std::span<const std::string> sites,
                 const Json& given) {
  const auto [by_probe, resolved] = read_iti(sites, given);
  const std::string& key = sites.front();
  const CachedSite& cached = cache.site(key);
  const std::int64_t pairs = cache.description().pairs;
  if (pairs < folds) {
    throw UsageError(
        {fmt::format("[rank] {}: too few pairs for iti, every fifth of which validates",
                     cache.path().string()),
         fmt::format("{} or more", folds), std::to_string(pairs), ""});
  }
  ScoredSite site{key, cached.group, sum_momenta(cache, key), {}, {}};
  site.sums.momentum = momentum_moments(cache, key).sum;
  const std::int64_t heads = cached.width / cached.group;
  site.scores.resize(static_cast<std::size_t>(cached.layers * heads));
  site.values.resize(static_cast<std::size_t>(cached.layers * cached.width));
  const Heads measure(pairs, by_probe);
  for (std::int64_t layer = 0; layer < cached.layers; ++layer) {
    measure.measure(layer_activations(cache, key, layer), cached.group,
                    site.scores.data() + layer * heads, site.values.data() + layer * cached.width);
  }
  return assemble_ranking(cache, "iti", resolved, {Rule::add, Positions::from_last_prompt},
                          std::span(&site, 1));
}

}  // namespace austeer
