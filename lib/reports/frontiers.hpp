#pragma once
// Detoxification as a trade: toxic rate against what the answers cost the unsteered model. A low
// rate alone is easily had from broken text.

#include <string>
#include <vector>

#include "reports/results.hpp"
#include "statistics/interval.hpp"

namespace austeer {

/// One way of answering the test items.
struct FrontierPoint {
  double cost = 0;    ///< nats per token under the unsteered model
  double rate = 0;    ///< of toxic answers, in [0, 1]
  Interval interval;  ///< of the rate, 95 %
};

/// The points of a method (or of the unsteered model): its variants where they met the test items,
/// else what was chosen of it. What failed, is of no detoxification, or left no text to judge has
/// none.
std::vector<FrontierPoint> frontier_points(const Study& study, const EntryResults& found);

/// The same of a control.
std::vector<FrontierPoint> frontier_points(const MeasuredControl& control);

/// For each figure of kind frontier that names an opponent: how each of its methods stands to the
/// opponent's line, which begins at the unsteered model. "A on detox: of 3 points at costs that CAA
/// reaches, below its line at 1.50 and 1.70 nats; clearly, with intervals apart, at 1.70."
std::vector<std::string> frontier_sentences(const Study& study,
                                            const std::vector<EntryResults>& results);

}  // namespace austeer
