#include "engine/plan_tap.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "models/config.hpp"

namespace austeer {

namespace {

/// Indices of the rows for which `chosen` holds of (position, last position of the prompt).
template <typename Predicate>
std::vector<std::int64_t> rows_where(const Rows& rows, const Predicate& chosen) {
  std::vector<std::int64_t> result;
  for (std::size_t i = 0; i < rows.position.size(); ++i) {
    if (chosen(rows.position[i], rows.prompt_last[i])) {
      result.push_back(static_cast<std::int64_t>(i));
    }
  }
  return result;
}

std::vector<std::int64_t> choose(const Rows& rows, Positions positions) {
  switch (positions) {
    case Positions::all:
      break;
    case Positions::last_prompt:
      return rows_where(rows, std::equal_to<>());
    case Positions::last:
      return rows.last;
    case Positions::from_last_prompt:
      return rows_where(rows, std::greater_equal<>());
  }
  return rows_where(rows, [](std::int64_t, std::int64_t) { return true; });
}

}  // namespace

const std::optional<at::Tensor>& ChosenRows::find(const Rows& rows, Positions positions,
                                                  at::Device device) {
  static const std::optional<at::Tensor> every_row;
  if (positions == Positions::all) return every_row;
  const auto [place, is_new] =
      found_.try_emplace({&rows, positions, device.type(), device.index()}, std::nullopt);
  if (is_new) {
    const std::vector<std::int64_t> chosen = choose(rows, positions);
    if (chosen.size() < rows.position.size()) {
      place->second = at::tensor(chosen, at::kLong).to(device);
    }
  }
  return place->second;
}

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

namespace {

/// The activations of some rows (all where not set) and dims (all where undefined), float32.
at::Tensor read(const at::Tensor& activations, const std::optional<at::Tensor>& rows,
                const at::Tensor& dims) {
  at::Tensor part = activations;
  if (rows && dims.defined()) {
    part = activations.index({rows->unsqueeze(1), dims});
  } else if (rows) {
    part = activations.index_select(0, *rows);
  } else if (dims.defined()) {
    part = activations.index_select(1, dims);
  }
  return part.to(at::kFloat);
}

void write(at::Tensor& activations, const std::optional<at::Tensor>& rows, const at::Tensor& dims,
           const at::Tensor& part) {
  if (rows && dims.defined()) {
    activations.index_put_({rows->unsqueeze(1), dims}, part);
  } else if (rows) {
    activations.index_copy_(0, *rows, part);
  } else if (dims.defined()) {
    activations.index_copy_(1, dims, part);
  } else {
    activations.copy_(part);
  }
}

}  // namespace

PlanTap::PlanTap(const Plan& plan, const Decoder& model) {
  check_plan(plan, model.config());
  for (const Edit& edit : plan.edits) {
    const at::Device device = model.placement().devices[static_cast<std::size_t>(edit.layer)];
    const bool whole = static_cast<std::int64_t>(edit.dims.size()) == model.site_width(edit.site);
    edits_[{edit.layer, edit.site}].push_back(
        {edit.operation, edit.positions,
         whole ? at::Tensor() : at::tensor(edit.dims, at::kLong).to(device),
         at::tensor(edit.values, at::kFloat).to(device), at::Tensor()});
    clamps_ = clamps_ || edit.operation == Operation::clamp;
  }
}

bool PlanTap::wants(Site site, std::int64_t layer) const { return edits_.contains({layer, site}); }

void PlanTap::visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) {
  for (const Prepared& edit : edits_.at({layer, site})) {
    const auto& chosen = chosen_rows_.find(rows, edit.positions, activations.device());
    if (chosen && chosen->size(0) == 0) continue;
    const at::Tensor after = edited(edit, read(activations, chosen, edit.dims));
    write(activations, chosen, edit.dims, after.to(activations.scalar_type()));
  }
}

void PlanTap::observe(Site site, std::int64_t layer, const Rows& rows,
                      const at::Tensor& activations) {
  for (Prepared& edit : edits_.at({layer, site})) {
    if (edit.operation != Operation::clamp) continue;
    const auto& chosen = chosen_rows_.find(rows, edit.positions, activations.device());
    edit.clean = read(activations, chosen, edit.dims).clone();
  }
}

/// The edited activations `x` [rows, k], float32.
at::Tensor PlanTap::edited(const Prepared& edit, const at::Tensor& x) {
  switch (edit.operation) {
    case Operation::scale:
      return x + x * edit.values;
    case Operation::directed:
      return x + x.abs() * edit.values;
    case Operation::add:
      return x + edit.values;
    case Operation::set:
      return edit.values.expand_as(x);
    case Operation::clamp:
      // Texts stand in the same order in both passes, and each has one last prompt token.
      if (!edit.clean.defined() || edit.clean.sizes() != x.sizes()) {
        throw ComputeError("plan", "clamp needs an unsteered pass over the same prompts first");
      }
      return edit.clean + edit.clean * edit.values;
  }
  return x;
}

bool PlanTap::acts_alike(const Tap& other, std::int64_t layer) const {
  const auto* const plan = dynamic_cast<const PlanTap*>(&other);
  if (plan == nullptr) return false;
  const auto edits_of = [&](const PlanTap& tap) {
    return std::pair{tap.edits_.lower_bound({layer, Site{}}),
                     tap.edits_.lower_bound({layer + 1, Site{}})};
  };
  const auto own = edits_of(*this);
  const auto others = edits_of(*plan);
  return std::equal(
      own.first, own.second, others.first, others.second, [](const auto& a, const auto& b) {
        return a.first == b.first && std::ranges::equal(a.second, b.second, are_alike);
      });
}

/// A clamped unit takes what the tap saw of it, so a clamp is like no other.
bool PlanTap::are_alike(const Prepared& a, const Prepared& b) {
  return a.operation == b.operation && a.operation != Operation::clamp &&
         a.positions == b.positions && a.dims.defined() == b.dims.defined() &&
         (!a.dims.defined() || at::equal(a.dims, b.dims)) && at::equal(a.values, b.values);
}

}  // namespace austeer
