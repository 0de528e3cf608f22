#include "exports/affine_plan.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "engine/plan_tap.hpp"
#include "models/config.hpp"

namespace austeer {
namespace {

[[noreturn]] void refuse(const Edit& edit, std::string_view why, std::string_view hint) {
  throw UsageError("export",
                   fmt::format("the edit of layer {}, site {} cannot be exported: {}", edit.layer,
                               site_name(edit.site), why),
                   hint);
}

void check_linear(const Edit& edit) {
  if (edit.operation == Operation::directed) {
    refuse(edit, directed_is_not_linear,
           "Make the plan from its ranking with --rule oriented, which is linear");
  }
  if (edit.operation == Operation::clamp) {
    refuse(edit, "clamp needs an unsteered pass over each prompt", "Use --rule scale");
  }
  if (edit.positions != Positions::all) {
    refuse(edit,
           fmt::format("it acts at {} alone, and weights act at every token",
                       positions_name(edit.positions)),
           "Make the plan from its ranking with --positions all");
  }
}

AffineEdit identity(std::int64_t width) {
  const auto size = static_cast<std::size_t>(width);
  return {std::vector<double>(size, 1.0), std::vector<double>(size, 0.0)};
}

void apply(const Edit& edit, AffineEdit& affine) {
  for (std::size_t i = 0; i < edit.dims.size(); ++i) {
    double& factor = affine.factor[static_cast<std::size_t>(edit.dims[i])];
    double& offset = affine.offset[static_cast<std::size_t>(edit.dims[i])];
    const double value = edit.values[i];
    if (edit.operation == Operation::scale) {
      factor *= 1 + value;
      offset *= 1 + value;
    } else if (edit.operation == Operation::add) {
      offset += value;
    } else {
      factor = 0;
      offset = value;
    }
  }
}

/// The edit that gives each unit `values` minus `neutral`; of the units where that is not 0.
void append_edit(Plan& plan, const AffinePlan::key_type& place, Operation operation,
                 const std::vector<double>& values, double neutral) {
  Edit edit{place.second, place.first, operation, {}, {}};
  for (std::size_t dim = 0; dim < values.size(); ++dim) {
    if (values[dim] == neutral) continue;
    edit.dims.push_back(static_cast<std::int64_t>(dim));
    edit.values.push_back(static_cast<float>(values[dim] - neutral));
  }
  if (!edit.dims.empty()) plan.edits.push_back(std::move(edit));
}

}  // namespace

bool AffineEdit::scales() const {
  return std::ranges::any_of(factor, [](double value) { return value != 1; });
}

bool AffineEdit::shifts() const {
  return std::ranges::any_of(offset, [](double value) { return value != 0; });
}

AffinePlan affine_plan(const Plan& plan, const DecoderConfig& config) {
  check_plan(plan, config);
  AffinePlan affine;
  for (const Edit& edit : plan.edits) {
    check_linear(edit);
    const auto place = std::pair(edit.layer, edit.site);
    apply(edit, affine.try_emplace(place, identity(site_width(config, edit.site))).first->second);
  }
  std::erase_if(affine,
                [](const auto& entry) { return !entry.second.scales() && !entry.second.shifts(); });
  if (affine.empty()) throw UsageError("export", "the plan changes nothing");
  return affine;
}

Plan plan_of(const AffinePlan& affine) {
  Plan plan;
  for (const auto& [place, edit] : affine) {
    append_edit(plan, place, Operation::scale, edit.factor, 1);
    append_edit(plan, place, Operation::add, edit.offset, 0);
  }
  return plan;
}

Plan checked_plan(const AffinePlan& affine, const std::string& place) {
  Plan plan = plan_of(affine);
  if (plan.edits.empty()) throw FormatError("plan", place + ": it changes nothing");
  for (const Edit& edit : plan.edits) {
    if (const auto wrong = flaw(edit)) {
      throw FormatError({fmt::format("[plan] {}: layer {}, site {}: {}", place, edit.layer,
                                     site_name(edit.site), *wrong),
                         "", "", "The file is damaged"});
    }
  }
  return plan;
}

}  // namespace austeer
