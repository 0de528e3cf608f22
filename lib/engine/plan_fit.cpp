#include "engine/plan_fit.hpp"

#include <fmt/format.h>

#include "models/config.hpp"

namespace austeer {

namespace {

/// Throws where the plan was made of whole vectors of another width than the model's.
void check_widths(const Plan& plan, const DecoderConfig& config) {
  if (!plan.provenance.is_object() || !plan.provenance.contains("widths")) return;
  const Json& widths = plan.provenance.at("widths");
  if (!widths.is_object()) return;
  for (const auto& [site, width] : widths.items()) {
    const std::int64_t expected = site_width(config, parse_site(site));
    if (width == expected) continue;
    throw UsageError(ErrorParts{"[plan] the plan does not fit the model",
                                fmt::format("vectors of width {} at site {}", expected, site),
                                to_text(width), "Was it made for another model?"});
  }
}

}  // namespace

void check_plan(const Plan& plan, const DecoderConfig& config) {
  check_widths(plan, config);
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
