#include "engine/plan_fit.hpp"

#include <fmt/format.h>

#include "models/site_width.hpp"

namespace austeer {

void check_plan(const Plan& plan, const DecoderConfig& config) {
  for (const Edit& edit : plan.edits) {
    if (const auto wrong = flaw(edit)) throw UsageError("plan", "an edit is impossible: " + *wrong);
    const std::int64_t width = site_width(config, edit.site);
    if (edit.layer < config.layers && edit.dims.back() < width) continue;
    throw UsageError(ErrorParts{
        "[plan] the plan does not fit the model",
        fmt::format("{} layers of width {} at site {}", config.layers, width, site_name(edit.site)),
        fmt::format("layer {}, dim {}", edit.layer, edit.dims.back()),
        "Was the ranking made with another model?"});
  }
}

}  // namespace austeer
