#pragma once
// The types of the numbers that models compute with and caches keep.

#include <ATen/ATen.h>
#include <array>
#include <utility>

namespace austeer {

/// By the names that options, results and caches spell.
constexpr std::array float_dtypes = {std::pair{"float32", at::kFloat},
                                     std::pair{"bfloat16", at::kBFloat16},
                                     std::pair{"float16", at::kHalf}};

}  // namespace austeer
