#pragma once
// The units that a probe looks at, which are named in full: a probe has no ranking that could say
// which site is meant.

#include <span>

#include "models/decoder.hpp"
#include "plans/unit_name.hpp"

namespace austeer {

/// Throws UsageError unless there is at least one unit, and each names its site and is one of
/// `model`.
void check_probed_units(std::span<const UnitName> units, const Decoder& model);

}  // namespace austeer
