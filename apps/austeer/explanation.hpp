#pragma once
// The explanation of units, as `units explain` shows it.

#include "runs/explain_units.hpp"

namespace austeer::app {

/// Prints how many units are more than chance, and of each explained one its statistics, tokens,
/// pairs and effect. Texts are cut to what a line holds.
void print_explanation(const Ranking& ranking, const Explanation& explanation);

}  // namespace austeer::app
