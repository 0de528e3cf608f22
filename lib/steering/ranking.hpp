#pragma once
// A ranking: every unit of one site of a model, best first, with the statistics behind its place.
// One safetensors file; the columns are tensors, where they come from is JSON in the metadata.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "models/site.hpp"

namespace austeer {

/// One unit and what its pairs say. Momentum: activation of the positive minus that of the
/// negative text.
struct RankedUnit {
  std::int32_t layer = 0;
  std::int32_t dim = 0;
  std::int32_t positive = 0;   ///< pairs with momentum > 0
  std::int32_t negative = 0;   ///< pairs with momentum < 0
  double beta = 0;             ///< signed score; 0: the unit is never steered
  double mean_momentum = 0;    ///< over all pairs
  double p_value = 1;          ///< two-sided sign test of positive against negative
  double mean_activation = 0;  ///< over all positive and negative texts

  bool operator==(const RankedUnit&) const = default;
};

struct Ranking {
  Site site = Site::ffn;
  std::int64_t layers = 0;
  std::int64_t width = 0;
  std::int64_t pairs = 0;
  std::string method;
  Json options = Json::object();  ///< of the method
  /// Where the activations come from: cache key, fingerprints of model, tokenizer, task, ...
  Json provenance = Json::object();
  /// All layers * width units by descending |beta|; among equals the lower layer, then the lower
  /// dim comes first.
  std::vector<RankedUnit> units;

  bool operator==(const Ranking&) const = default;
};

/// Throws FormatError, its message opened by `place`, unless every unit is there once, in order,
/// with finite numbers and possible counts.
void check_ranking(const Ranking& ranking, const std::string& place);

/// Checks and writes `ranking` as one safetensors file: tensors layer, dim, positive, negative
/// (int32), beta, mean_momentum, p_value, mean_activation (float64), each [layers * width]. Throws
/// FormatError, FileError.
void save_ranking(const Ranking& ranking, const std::filesystem::path& file);

/// Reads and checks what save_ranking wrote. Throws FileError, FormatError.
Ranking load_ranking(const std::filesystem::path& file);

}  // namespace austeer
