#pragma once
// What a plan does where it is linear: x <- factor * x + offset for each unit, at every token. That
// is what another program carries out with its own weights, biases and vectors.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/config.hpp"
#include "plans/plan.hpp"

namespace austeer {

/// What is done to the units of one site of one layer.
struct AffineEdit {
  std::vector<double> factor;  ///< [width of the site]
  std::vector<double> offset;  ///< [width of the site]

  bool scales() const;  ///< whether a factor is not 1
  bool shifts() const;  ///< whether an offset is not 0
};

using AffinePlan = std::map<std::pair<std::int64_t, Site>, AffineEdit>;  ///< by layer and site

/// Why no export can carry out a directed edit.
inline constexpr const char* directed_is_not_linear =
    "a directed edit follows the sign of each activation, which no weight does";

/// The metadata key under which an export records the provenance of its plan, as JSON.
inline constexpr const char* exported_plan_key = "austeer.plan";

/// The edits of `plan` carried out one after the other. Throws UsageError for an edit that is not
/// linear (`directed`, `clamp`) or does not act at every token, with what to do instead, for a plan
/// that edits nothing, and for one that does not fit a model of `config`.
AffinePlan affine_plan(const Plan& plan, const DecoderConfig& config);

/// The plan that does what `affine` says: a `scale` edit where units are scaled, then an `add` edit
/// where they are shifted, float32.
Plan plan_of(const AffinePlan& affine);

/// The same of what was read from `place`. Throws FormatError for numbers that are not finite, and
/// where nothing is changed.
Plan checked_plan(const AffinePlan& affine, const std::string& place);

}  // namespace austeer
