#pragma once
// How a study's numbers are written in tables and sentences: shares in per cent, differences in
// points, with a true minus sign.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "statistics/interval.hpp"

namespace austeer {

/// "73.4" for 0.734.
std::string percent_text(double share, int decimals = 1);

/// "+4.7" for 0.047, "−0.4" for -0.004; what rounds to nothing has no sign.
std::string points_text(double difference, int decimals = 1);

/// "[70.1, 80.0]" and "[−1.2, +9.1]".
std::string percent_interval(const Interval& interval);
std::string points_interval(const Interval& interval);

/// "(39.1–56.0)": the least and the greatest of some shares.
std::string draws_text(const std::vector<double>& shares);

/// "p = 0.012", "p < 0.001".
std::string p_text(double p_value);

/// "12,345".
std::string count_text(std::int64_t count);

/// "1 item", "2 items"; `many` where it is not the word with an s.
std::string counted(std::int64_t count, const std::string& one, const std::string& many = "");

}  // namespace austeer
