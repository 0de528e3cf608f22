#include "engine/plan_tap.hpp"

#include <fmt/format.h>

namespace austeer {
namespace {

void check_edit(const Edit& edit, const Decoder& model) {
  const std::int64_t width = model.site_width(edit.site);
  const std::int64_t layers = model.config().layers;
  const bool fits = edit.layer >= 0 && edit.layer < layers &&
                    (edit.dims.empty() || (edit.dims.front() >= 0 && edit.dims.back() < width));
  if (fits) return;
  throw UsageError(ErrorParts{
      "[plan] the plan does not fit the model",
      fmt::format("{} layers of width {} at site {}", layers, width, site_name(edit.site)),
      fmt::format("layer {}, dim {}", edit.layer, edit.dims.empty() ? 0 : edit.dims.back()),
      "Was the ranking made with another model?"});
}

/// The edited activations of some units, in float32: `x` [rows, k], `values` [k].
at::Tensor edited(Operation operation, const at::Tensor& x, const at::Tensor& values) {
  switch (operation) {
    case Operation::scale:
      return x + x * values;
    case Operation::directed:
      return x + x.abs() * values;
  }
  return x;
}

}  // namespace

PlanTap::PlanTap(const Plan& plan, const Decoder& model) {
  for (const Edit& edit : plan.edits) {
    check_edit(edit, model);
    const at::Device device = model.placement().devices[static_cast<std::size_t>(edit.layer)];
    edits_[{edit.site, edit.layer}].push_back({edit.operation,
                                               at::tensor(edit.dims, at::kLong).to(device),
                                               at::tensor(edit.values, at::kFloat).to(device)});
  }
}

bool PlanTap::wants(Site site, std::int64_t layer) const { return edits_.contains({site, layer}); }

void PlanTap::visit(Site site, std::int64_t layer, const Rows& /*rows*/, at::Tensor& activations) {
  for (const Prepared& edit : edits_.at({site, layer})) {
    const at::Tensor before = activations.index_select(1, edit.dims).to(at::kFloat);
    activations.index_copy_(
        1, edit.dims, edited(edit.operation, before, edit.values).to(activations.scalar_type()));
  }
}

}  // namespace austeer
