#pragma once
// How far apart next-token distributions are when one unit is steered more or less, and when
// another unit is steered as much (paper, Figure 3).

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "models/load.hpp"
#include "plans/unit_name.hpp"

namespace austeer {

/// Those of the paper's figure.
inline const std::vector<double> figure_strengths = {10, 100, 1e3, 1e4, 1e5};

struct DivergencePoint {
  double strength = 0;
  double divergence = 0;  ///< mean over the prompts, in nats
};

/// KL(P || Q): P with the unit at the point's strength, Q with it at the largest one. The largest
/// one's own point is 0.
struct UnitDivergence {
  UnitName unit;
  std::vector<DivergencePoint> points;
};

/// KL(P || Q): P with the first unit, Q with the second one, both at the point's strength.
struct PairDivergence {
  UnitName first;
  UnitName second;
  std::vector<DivergencePoint> points;
};

struct DivergenceReport {
  std::int64_t prompts = 0;
  double largest = 0;                 ///< strength
  std::vector<UnitDivergence> units;  ///< in the order in which they were named
  std::vector<PairDivergence> pairs;  ///< each unit with each later one
};

/// Steers one unit at a time, x <- x(1 + strength) at every token of the prompt (the operation
/// `scale`), and compares the distributions of the token that follows. The logits are the model's,
/// in its dtype; softmax and divergences are computed in float64. Points come in the order of
/// `strengths`. Throws UsageError where there are no units, strengths or prompts, for a unit that
/// is not the model's, a strength that is not finite, and prompts that the engine refuses;
/// ComputeError for logits that are not finite, as large strengths make them in float16.
DivergenceReport unit_divergence(std::span<const UnitName> units, std::span<const double> strengths,
                                 std::span<const std::string> prompts, const Model& model);

/// {"prompts", "largest_strength", "units": [{"unit", "points": [{"strength", "divergence"}]}],
/// "pairs": [{"first", "second", "points"}]}
Json to_json(const DivergenceReport& report);

}  // namespace austeer
