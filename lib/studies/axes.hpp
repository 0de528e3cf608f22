#pragma once
// The axes of a method's grid, as tables and figures write them.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "studies/study.hpp"

namespace austeer {

/// "k" of "plan.k", "score" of "rank.set.score".
std::string axis_name(const std::string& axis);

/// The values of an axis, each once: numbers ascending, others in the order of the grid.
std::vector<Json> axis_values(const StudyMethod& method, const std::string& axis);

/// "16", "attention".
std::string axis_value_text(const Json& value);

}  // namespace austeer
