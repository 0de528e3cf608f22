#pragma once
// Metrics: is a generated text the right answer?

#include <string_view>

#include "base/registry.hpp"

namespace austeer {

/// Whether `generated` counts as correct where `gold` is the right answer.
using Metric = bool (*)(std::string_view generated, std::string_view gold);

/// Both texts, without white space at their ends and in lower case, are equal (the paper, on the
/// discriminative tasks). Lower case is that of the 26 ASCII letters, which is what Python's
/// str.lower() does to them; other letters are compared as they stand, so "É" is not "é".
bool exact_match(std::string_view generated, std::string_view gold);

/// The metrics by the name that a task's YAML gives.
const Registry<Metric>& metrics();

}  // namespace austeer
