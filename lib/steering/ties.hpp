#pragma once
// Scores that count pairs are often equal; which of the equal ones are chosen is then a convention.

#include <cstdint>

#include "steering/ranking.hpp"

namespace austeer {

/// The groups that share the score of the last one chosen.
struct Ties {
  std::int64_t inside = 0;   ///< of those chosen
  std::int64_t outside = 0;  ///< of the others: left out by their layer and dim alone

  bool operator==(const Ties&) const = default;
};

/// The ties at the cut after the first `k` groups; none where nothing, or everything, is chosen.
Ties ties_at_cut(const Ranking& ranking, std::int64_t k);

}  // namespace austeer
