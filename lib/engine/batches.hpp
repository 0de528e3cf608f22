#pragma once
// Cuts texts into passes: those that begin alike stand together, so that a pass computes what they
// share once.

#include <cstdint>
#include <span>
#include <vector>

#include "engine/packed_pass.hpp"

namespace austeer {

/// Sorts whole texts so that those which begin alike stand together: neighbours share the most.
/// Equal ones keep their order.
void put_alike_together(std::vector<TextSlice>& slices);

/// `slices`, which are whole texts, in passes that compute at most `budget` tokens each; a text
/// that needs more makes a pass of its own. The plain way keeps the order and counts every token.
std::vector<std::vector<TextSlice>> cut_into_passes(std::vector<TextSlice> slices, PassWay way,
                                                    std::int64_t budget);

}  // namespace austeer
