#pragma once
// Tokens with their scores, as `probe tokens` and `units explain` show them.

#include <vector>

#include "runs/promoted_tokens.hpp"

namespace austeer::app {

/// Prints one line: `what`, then each token's text in quotes and its score.
void print_tokens(const char* what, const std::vector<ScoredToken>& tokens);

}  // namespace austeer::app
