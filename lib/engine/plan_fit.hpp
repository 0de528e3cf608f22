#pragma once
// Whether a plan can be carried out on a model.

#include "models/config.hpp"
#include "plans/plan.hpp"

namespace austeer {

/// Throws UsageError when an edit of `plan` has a flaw, or a site, layer or dim that a model of
/// `config` does not have, or vectors of another width: "widths" of its provenance, by site, which
/// plans have that were read from other programs' files.
void check_plan(const Plan& plan, const DecoderConfig& config);

}  // namespace austeer
