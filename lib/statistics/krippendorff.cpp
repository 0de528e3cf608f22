#include "statistics/krippendorff.hpp"

namespace austeer {
namespace {

/// Squared differences within a group of numbers, over all ordered pairs of them.
class SquaredDifferences {
 public:
  void add(double value) {
    ++count_;
    const double from_mean = value - mean_;
    mean_ += from_mean / count_;
    squares_ += from_mean * (value - mean_);
  }
  double count() const { return count_; }
  double sum() const { return 2 * count_ * squares_; }

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  ///< of the distances from the mean
};

}  // namespace

std::optional<double> krippendorff_alpha(std::span<const std::vector<double>> units) {
  SquaredDifferences all;
  double within = 0;
  for (const std::vector<double>& ratings : units) {
    if (ratings.size() < 2) continue;
    SquaredDifferences of_unit;
    for (const double rating : ratings) {
      of_unit.add(rating);
      all.add(rating);
    }
    within += of_unit.sum() / (of_unit.count() - 1);
  }
  if (all.sum() == 0) return std::nullopt;
  const double observed = within / all.count();
  const double expected = all.sum() / (all.count() * (all.count() - 1));
  return 1 - observed / expected;
}

}  // namespace austeer
