#pragma once
// What the figures of accuracies share: variants along an axis of a grid, and numbers in per cent.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "documents/figure.hpp"
#include "studies/figure_source.hpp"

namespace austeer {

/// The variants that differ from the chosen one along some axes alone.
struct Slice {
  std::vector<std::size_t> variants;  ///< places in the grid, in its order
  std::string held;                   ///< where the other axes stand: "site ffn"; "" without any
};

/// The slice through the chosen variant. Throws MissingResults as chosen_variant() does.
Slice slice_along(const EntryResults& found, const std::vector<std::string>& axes);

/// What a variant did where the choice was made; null where it failed.
const Measured* measured_variant(const EntryResults& found, std::size_t variant);

/// "k (units steered)" for "plan.k"; the last part of an axis that has no such words.
std::string axis_label(const std::string& axis);

/// "k 16, alpha 2": where a variant stands on these axes.
std::string point_words(const StudyMethod& method, std::size_t variant,
                        const std::vector<std::string>& axes);

/// In per cent, to six decimals: 55, where 100 * 0.55 is not quite that.
double in_percent(double share);
Interval in_percent(const Interval& share);

/// "accuracy (%)"; of detoxification "answers that are not toxic (%)".
std::string score_label(const Measured& measured);

/// "500 test items", "20 to 100 items of the choice". Throws MissingResults where nothing was
/// measured.
std::string items_words(const Study& study, const std::vector<const Measured*>& measured);

/// The first that is there. Throws MissingResults likewise.
const Measured& first_measured(const std::vector<const Measured*>& measured);

/// " 2 variants could not be carried out and are left out. " or "".
std::string failed_words(const std::vector<const Measured*>& measured);

}  // namespace austeer
