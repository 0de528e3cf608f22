#include "steering/resampling.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <numeric>

#include "steering/unit_blocks.hpp"

namespace austeer {

at::Tensor resample_counts(const Strata& strata, std::int64_t pairs, std::int64_t resamples,
                           Random& random) {
  const at::Tensor counts = at::zeros({resamples, pairs}, at::kFloat);
  auto* row = counts.mutable_data_ptr<float>();
  for (std::int64_t sample = 0; sample < resamples; ++sample, row += pairs) {
    for (const auto& members : strata) {
      for (std::size_t i = 0; i < members.size(); ++i) ++row[members[random.below(members.size())]];
    }
  }
  return counts;
}

at::Tensor random_halves(const Strata& strata, std::int64_t pairs, std::int64_t splits,
                         Random& random) {
  const at::Tensor halves = at::zeros({splits, pairs}, at::kFloat);
  auto* row = halves.mutable_data_ptr<float>();
  for (std::int64_t split = 0; split < splits; ++split, row += pairs) {
    for (std::vector<std::int64_t> members : strata) {
      random.shuffle_first(members, members.size() / 2);
      for (std::size_t i = 0; i < members.size() / 2; ++i) row[members[i]] = 1;
    }
  }
  return halves;
}

namespace {

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
  std::vector<at::Tensor> of_strata;  // [B, n] each
  for (const Stratum& stratum : strata_) {
    of_strata.push_back(weights.index_select(1, stratum.members));
  }
  const at::Tensor result = at::empty({weights.size(0), units_}, at::kDouble);
  for_each_block(units_, [&](std::int64_t begin, std::int64_t count) {
    at::Tensor positive = at::zeros({weights.size(0), count}, at::kDouble);
    at::Tensor negative = at::zeros_like(positive);
    for (std::size_t i = 0; i < strata_.size(); ++i) {
      const at::Tensor total = of_strata[i].sum(1, true).to(at::kDouble);  // [B, 1]
      const at::Tensor signs = strata_[i].signs.narrow(1, begin, count);   // [n, count]
      // Sums of whole numbers below 2^24, which float32 holds exactly.
      positive += of_strata[i].matmul((signs > 0).to(at::kFloat)).to(at::kDouble).div_(total);
      negative += of_strata[i].matmul((signs < 0).to(at::kFloat)).to(at::kDouble).div_(total);
    }
    const auto strata = static_cast<double>(strata_.size());
    result.narrow(1, begin, count).copy_(at::maximum(positive.div_(strata), negative.div_(strata)));
  });
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
