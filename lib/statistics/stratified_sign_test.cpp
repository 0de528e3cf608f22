#include "statistics/stratified_sign_test.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "statistics/sign_test.hpp"

namespace austeer {

double stratified_sign_test_p_value(std::span<const std::pair<std::int32_t, std::int32_t>> strata) {
  if (strata.empty()) throw UsageError("sign test", "there are no strata to test");
  const bool up = std::ranges::all_of(strata, [](const auto& s) { return s.first > s.second; });
  const bool down = std::ranges::all_of(strata, [](const auto& s) { return s.first < s.second; });
  double largest = up || down ? 0 : 1;
  for (const auto& [positive, negative] : strata) {
    // Without a common majority only impossible counts are still of interest.
    if (largest < 1 || positive < 0 || negative < 0) {
      largest = std::max(largest, sign_test_p_value(positive, negative));
    }
  }
  return largest;
}

}  // namespace austeer
