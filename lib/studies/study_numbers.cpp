#include "studies/study_numbers.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace austeer {

std::string percent_text(double share, int decimals) {
  return fmt::format("{:.{}f}", 100 * share, decimals);
}

std::string points_text(double difference, int decimals) {
  const std::string size = fmt::format("{:.{}f}", 100 * std::abs(difference), decimals);
  if (size.find_first_not_of("0.") == std::string::npos) return size;
  return (difference < 0 ? "\u2212" : "+") + size;
}

std::string percent_interval(const Interval& interval) {
  return fmt::format("[{}, {}]", percent_text(interval.low), percent_text(interval.high));
}

std::string points_interval(const Interval& interval) {
  return fmt::format("[{}, {}]", points_text(interval.low), points_text(interval.high));
}

std::string draws_text(const std::vector<double>& shares) {
  const auto [least, greatest] = std::ranges::minmax(shares);
  return fmt::format("({}\u2013{})", percent_text(least), percent_text(greatest));
}

std::string p_text(double p_value) {
  return p_value < 0.001 ? "p < 0.001" : fmt::format("p = {:.3f}", p_value);
}

std::string count_text(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > 0; place -= 3) {
    digits.insert(digits.begin() + place, ',');
  }
  return digits;
}

std::string counted(std::int64_t count, const std::string& one, const std::string& many) {
  const std::string& noun = count == 1 ? one : many;
  return count_text(count) + " " + (noun.empty() ? one + "s" : noun);
}

}  // namespace austeer
