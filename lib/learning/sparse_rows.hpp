#pragma once
// A matrix of which few elements differ from zero, row by row.

#include <cstdint>
#include <span>
#include <vector>

namespace austeer {

struct SparseElement {
  std::uint32_t column;
  float value;
};

class SparseRows {
 public:
  explicit SparseRows(std::int64_t columns) : columns_(columns) {}

  /// Every column must lie below columns().
  void add(std::span<const SparseElement> row) {
    elements_.insert(elements_.end(), row.begin(), row.end());
    ends_.push_back(elements_.size());
  }

  std::int64_t rows() const { return static_cast<std::int64_t>(ends_.size()) - 1; }
  std::int64_t columns() const { return columns_; }
  std::span<const SparseElement> row(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    return std::span(elements_).subspan(ends_[i], ends_[i + 1] - ends_[i]);
  }

 private:
  std::int64_t columns_;
  std::vector<SparseElement> elements_;
  std::vector<std::size_t> ends_ = {0};  // of each row in elements_, with a zero before the first
};

/// The sum of the row's values, each times its column's weight.
inline double dot(std::span<const SparseElement> row, std::span<const double> weights) {
  double sum = 0;
  for (const SparseElement& element : row) {
    sum += static_cast<double>(element.value) * weights[element.column];
  }
  return sum;
}

}  // namespace austeer
