#pragma once
// Which labelled texts train a scorer and which only judge it, fixed by the text alone: however a
// file is sorted, cut or joined with another, no held-out text ever meets training.

#include <string>
#include <string_view>

namespace austeer {

constexpr int toxicity_folds = 5;

/// The rule in words, for records: equal to what the functions below do.
extern const std::string toxicity_split_rule;

/// Where a text falls. Texts that differ only in the case of ASCII letters and in ASCII white space
/// fall together.
struct ToxicitySplit {
  bool held_out;
  int fold;  ///< 0 to toxicity_folds - 1, for cross-validation within the training side
};
ToxicitySplit toxicity_split(std::string_view text);

}  // namespace austeer
