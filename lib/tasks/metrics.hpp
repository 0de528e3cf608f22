#pragma once
// Metrics: is a generated text right?

#include <string_view>

#include "base/registry.hpp"

namespace austeer {

/// Whether `generated` counts as correct where `gold` is the right answer.
using TextComparison = bool (*)(std::string_view generated, std::string_view gold);

/// The same of a rule that cuts the text at `mark` first.
using MarkedComparison = bool (*)(std::string_view generated, std::string_view gold,
                                  std::string_view mark);

/// What decides on a task's generated texts.
enum class MetricKind {
  comparison,  ///< with the gold answer
  toxicity,    ///< a toxicity scorer: right is what is not toxic
  judge,  ///< nothing here: a judge model compares two results later (`austeer judge`, studies)
};

struct Metric {
  MetricKind kind = MetricKind::comparison;
  TextComparison is_correct = nullptr;            ///< of kind comparison
  MarkedComparison is_correct_by_mark = nullptr;  ///< in its place: with the task's answer_mark
};

/// Both texts, without white space at their ends and in lower case, are equal (the paper, on the
/// discriminative tasks). Lower case is that of the 26 ASCII letters, which is what Python's
/// str.lower() does to them; other letters are compared as they stand, so "É" is not "é".
bool exact_match(std::string_view generated, std::string_view gold);

/// The number that `generated` answers with (find_number) is that of `gold`, up to the rounding of
/// their decimals (1e-9 of the larger of 1 and the gold number). The paper's own rule is
/// number_match_published() in tasks/published_number.hpp.
bool number_match(std::string_view generated, std::string_view gold);

/// The metrics by the name that a task's YAML gives.
const Registry<Metric>& metrics();

}  // namespace austeer
