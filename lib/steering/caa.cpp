#include <fmt/format.h>

#include "steering/assemble.hpp"
#include "steering/methods.hpp"
#include "steering/ranking_methods.hpp"
#include "steering/unit_statistics.hpp"

namespace austeer {
namespace {

/// The mean of the momenta [N, D] along their own mean, in standard deviations.
double consistency(const SiteActivations& layer) {
  const at::Tensor momenta = (layer.positive - layer.negative).to(at::kDouble);
  const at::Tensor mean = momenta.mean(0);
  const at::Tensor along = momenta.mv(mean / mean.norm().clamp_min(1e-300));
  const double deviation = along.std(0, /*unbiased=*/false).item<double>();
  return deviation > 0 ? along.mean().item<double>() / deviation : 0;
}

struct CaaOptions {
  ReadPositions positions;
  bool whole_layers;
  Json resolved;
};

CaaOptions read_caa(std::span<const std::string> sites, const Json& given) {
  MethodOptions options(given, "caa");
  const auto positions =
      enum_value<ReadPositions>(options.choice("positions", {"last", "answer_mean"}));
  const bool whole_layers = options.choice("units", {"all", "effect"}) == "all";
  CaaOptions read{positions, whole_layers, options.resolved()};
  if (only_site("caa", sites) == "layer") return read;
  throw UsageError("rank", "caa steers the site layer, not " + sites.front());
}

}  // namespace

std::vector<std::string> caa_reads(std::span<const std::string> sites, const Json& options) {
  return {name_of_reading("layer", read_caa(sites, options).positions)};
}

Ranking rank_caa(const ActivationCache& cache, std::span<const std::string> sites,
                 const Json& given) {
  const auto [positions, whole_layers, resolved] = read_caa(sites, given);
  const std::string key = name_of_reading("layer", positions);
  const CachedSite& cached = cache.site(key);

  ScoredSite site{key, whole_layers ? cached.width : 1, sum_momenta(cache, key), {}, {}};
  UnitMoments moments = momentum_moments(cache, key);
  if (!whole_layers) site.scores = effects(moments);
  site.sums.momentum = std::move(moments.sum);
  site.values = std::move(moments.mean);
  if (!whole_layers) {
    return assemble_ranking(cache, "caa", resolved, {Rule::add, Positions::all},
                            std::span(&site, 1));
  }
  for (std::int64_t layer = 0; layer < cached.layers; ++layer) {
    site.scores.push_back(consistency(layer_activations(cache, key, layer)));
  }
  return assemble_ranking(cache, "caa", resolved, {Rule::add, Positions::from_last_prompt},
                          std::span(&site, 1));
}

}  // namespace austeer
