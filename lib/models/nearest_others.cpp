// The product gives all cosines of a block of rows at once, but rounds equal rows to slightly
// different ones; among those that come within rounding of the largest, a sum in float64 decides.
#include <ATen/Parallel.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <limits>

#include "base/error.hpp"
#include "models/sentence_encoder.hpp"

namespace austeer {
namespace {

constexpr float rounding = 1e-5F;  // of a product of two unit vectors, generously

double exact_cosine(const float* a, const float* b, std::int64_t width) {
  double sum = 0;
  for (std::int64_t i = 0; i < width; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

/// The best of the first `count` columns of `cosines` but `own`.
std::size_t best_other(const float* cosines, std::int64_t count, std::int64_t own,
                       const at::Tensor& rows) {
  const std::int64_t width = rows.size(1);
  const auto* data = rows.const_data_ptr<float>();
  float largest = std::numeric_limits<float>::lowest();
  for (std::int64_t j = 0; j < count; ++j) {
    if (j != own) largest = std::max(largest, cosines[j]);
  }
  std::int64_t best = -1;
  double best_cosine = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    if (j == own || cosines[j] < largest - rounding) continue;
    const double cosine = exact_cosine(data + own * width, data + j * width, width);
    if (best >= 0 && cosine <= best_cosine) continue;
    best = j;
    best_cosine = cosine;
  }
  return static_cast<std::size_t>(best);
}

}  // namespace

std::vector<std::size_t> nearest_others(const at::Tensor& embeddings,
                                        std::optional<std::int64_t> pool,
                                        std::int64_t block_elements) {
  const c10::InferenceMode guard;
  const at::Tensor rows = embeddings.to(at::kFloat).contiguous();
  if (rows.dim() != 2 || rows.size(0) < 2) {
    throw UsageError("model", fmt::format("a nearest other needs two texts, not {}",
                                          rows.dim() == 0 ? 0 : rows.size(0)));
  }
  if (!at::isfinite(rows).all().item<bool>()) {
    throw ComputeError("model", "the embeddings are NaN or infinite");
  }
  const std::int64_t count = rows.size(0);
  const std::int64_t others = pool.value_or(count);
  if (others < 2 || others > count) {
    throw UsageError("model", fmt::format("a nearest other among {} of {} texts", others, count));
  }
  const std::int64_t block = std::max<std::int64_t>(1, block_elements / others);
  std::vector<std::size_t> result(static_cast<std::size_t>(count));
  for (std::int64_t first = 0; first < count; first += block) {
    const std::int64_t here = std::min(block, count - first);
    const at::Tensor cosines = at::mm(rows.narrow(0, first, here), rows.narrow(0, 0, others).t());
    const auto* data = cosines.const_data_ptr<float>();
    at::parallel_for(0, here, 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        result[static_cast<std::size_t>(first + i)] =
            best_other(data + i * others, others, first + i, rows);
      }
    });
  }
  return result;
}

}  // namespace austeer
