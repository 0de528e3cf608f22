#pragma once
// Reference tensors that scripts under tests/reference/ wrote, and comparison with them. The
// tolerance follows from the dtype: a rounding error of the unit in the last place, relative to the
// norm of what was summed, once per operation in sequence.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <gtest/gtest.h>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "tensors/safetensors.hpp"

namespace austeer::testing {

/// The file that a reference script wrote. Throws, naming the remedy, when it is not there.
inline SafetensorsFile reference_file(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(AUSTEER_REFERENCE_DIR) / name;
  if (!std::filesystem::exists(path)) {
    throw std::runtime_error(path.string() + " is missing: run tests/prepare_reference.sh");
  }
  return SafetensorsFile(path);
}

/// Largest |found - expected| relative to the root mean square of its row (last dimension).
inline double worst_relative_error(const at::Tensor& found, const at::Tensor& expected) {
  const at::Tensor wide = expected.to(at::kDouble);
  const at::Tensor scale = wide.square().mean(-1, true).sqrt().clamp_min(1e-30);
  return ((found.to(at::kDouble) - wide).abs() / scale).max().item<double>();
}

/// Expects found ≈ expected; `depth` is the number of operations in sequence that round (per row,
/// each contributes up to an ulp times a small constant).
inline void expect_close(const at::Tensor& found, const at::Tensor& expected, std::int64_t depth,
                         const std::string& what) {
  ASSERT_EQ(found.sizes(), expected.sizes()) << what;
  const double epsilon = std::numeric_limits<float>::epsilon();
  const double tolerance = 16 * epsilon * static_cast<double>(depth);
  EXPECT_LE(worst_relative_error(found, expected), tolerance) << what;
}

inline std::vector<std::int32_t> to_tokens(const at::Tensor& ids) {
  const at::Tensor narrow = ids.to(at::kInt).contiguous();
  return {narrow.const_data_ptr<std::int32_t>(),
          narrow.const_data_ptr<std::int32_t>() + narrow.numel()};
}

/// Expects equal greedy tokens up to the first step whose two best logits lie within `margin`,
/// where rounding may decide; at least `fewest` steps must be comparable.
inline void expect_same_greedy(const std::vector<std::int32_t>& found, const at::Tensor& expected,
                               const at::Tensor& margins, double margin, std::int64_t fewest,
                               const std::string& what) {
  const std::vector<std::int32_t> wanted = to_tokens(expected);
  ASSERT_EQ(found.size(), wanted.size()) << what;
  std::int64_t compared = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (margins[static_cast<std::int64_t>(i)].item<double>() < margin) break;
    ASSERT_EQ(found[i], wanted[i]) << what << ", step " << i;
    ++compared;
  }
  EXPECT_GE(compared, fewest) << what << ": too few steps were clear";
}

}  // namespace austeer::testing
