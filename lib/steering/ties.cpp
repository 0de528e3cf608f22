#include "steering/ties.hpp"

#include <algorithm>

namespace austeer {

Ties ties_at_cut(const Ranking& ranking, std::int64_t k) {
  const auto groups = groups_of(ranking);
  if (k < 1 || k >= static_cast<std::int64_t>(groups.size())) return {};
  const auto cut = groups.begin() + k;
  const double score = cut[-1].front().score;
  const auto tied = [&](const auto& group) { return group.front().score == score; };
  return {std::count_if(groups.begin(), cut, tied), std::count_if(cut, groups.end(), tied)};
}

}  // namespace austeer
