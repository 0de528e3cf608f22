#include "steering/resampling.hpp"

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

}  // namespace austeer
