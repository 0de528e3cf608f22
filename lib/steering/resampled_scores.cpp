#include "steering/resampled_scores.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <numeric>

namespace austeer {
namespace {

/// Units whose signs are in float32 at a time.
constexpr std::int64_t sign_block = 4096;

/// The indices of the k largest of `scores`, in order, equal ones by their index.
std::vector<std::int64_t> best_of(const double* scores, std::int64_t units, std::int64_t k) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(units));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::partial_sort(order.begin(), order.begin() + k, order.end(),
                    [&](std::int64_t a, std::int64_t b) {
                      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
                    });
  order.resize(static_cast<std::size_t>(k));
  return order;
}

}  // namespace

ResampledScores::ResampledScores(const at::Tensor& signs, const Strata& strata)
    : units_(signs.size(1)) {
  for (const std::vector<std::int64_t>& members : strata) {
    const at::Tensor places = at::tensor(members, at::kLong);
    strata_.push_back({places, strata.size() == 1 ? signs : signs.index_select(0, places)});
  }
}

at::Tensor ResampledScores::scores(const at::Tensor& weights) const {
  const at::Tensor result = at::empty({weights.size(0), units_}, at::kDouble);
  for (std::int64_t begin = 0; begin < units_; begin += sign_block) {
    const std::int64_t count = std::min(sign_block, units_ - begin);
    at::Tensor positive = at::zeros({weights.size(0), count}, at::kDouble);
    at::Tensor negative = at::zeros_like(positive);
    for (const Stratum& stratum : strata_) {
      const at::Tensor of_stratum = weights.index_select(1, stratum.members);  // [B, n]
      const at::Tensor total = of_stratum.sum(1, true).to(at::kDouble);        // [B, 1]
      const at::Tensor signs = stratum.signs.narrow(1, begin, count);          // [n, count]
      // Sums of whole numbers below 2^24, which float32 holds exactly.
      positive += of_stratum.matmul((signs > 0).to(at::kFloat)).to(at::kDouble) / total;
      negative += of_stratum.matmul((signs < 0).to(at::kFloat)).to(at::kDouble) / total;
    }
    const auto strata = static_cast<double>(strata_.size());
    result.narrow(1, begin, count).copy_(at::maximum(positive / strata, negative / strata));
  }
  return result;
}

std::vector<std::vector<std::int64_t>> ResampledScores::best(const at::Tensor& weights,
                                                             std::int64_t k) const {
  const at::Tensor all = scores(weights);
  const auto* first = all.const_data_ptr<double>();
  std::vector<std::vector<std::int64_t>> result(static_cast<std::size_t>(all.size(0)));
  at::parallel_for(0, all.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      result[static_cast<std::size_t>(row)] = best_of(first + row * units_, units_, k);
    }
  });
  return result;
}

}  // namespace austeer
