#pragma once
// What several commands print.

#include <vector>

#include "runs/export.hpp"
#include "runs/unit_probes.hpp"
#include "steering/ranking.hpp"
#include "steering/stability.hpp"

namespace austeer::app {

// The stability of a ranking's top, as `units --cache` shows it.

/// Prints how much of the top stays on resampled pairs, ties at its end, and each unit's share.
void print_stability(const Ranking& ranking, const Stability& stability);

// Tokens with their scores, as `probe tokens` and `units explain` show them.

/// Prints one line: `what`, then each token's text in quotes and its score.
void print_tokens(const char* what, const std::vector<ScoredToken>& tokens);

// What export and verify print of a verification.

void print_verification(const Verification& verification);

}  // namespace austeer::app
