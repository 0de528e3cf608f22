#pragma once
// The stability of a ranking's top, as `units --cache` shows it.

#include "base/json.hpp"
#include "steering/ranking.hpp"
#include "steering/stability.hpp"

namespace austeer::app {

/// Prints how much of the top stays on resampled pairs, ties at its end, and each unit's share.
void print_stability(const Ranking& ranking, const Stability& stability);

/// {"k", "resamples", "seed", "kept", "half_overlap", "chance", "ties": {"inside", "outside"},
/// "units": [{"layer", "dim", "kept"}]}, each unit with its "site" where there are several.
Json stability_json(const Ranking& ranking, const Stability& stability);

}  // namespace austeer::app
