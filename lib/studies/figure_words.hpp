#pragma once
// A figure in words, for those who cannot see it.

#include <string>

#include "documents/figure.hpp"

namespace austeer {

/// What is to be seen: of curves where they begin, peak and end, of bars their values, of a heat
/// map its extremes.
std::string figure_words(const Figure& figure);

}  // namespace austeer
