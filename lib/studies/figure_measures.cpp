#include "studies/figure_measures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "studies/axes.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {
namespace {

constexpr std::array words_of_axes = {
    std::pair{"plan.k", "k (units steered)"},
    std::pair{"plan.alpha", "\u03B1 (strength)"},
    std::pair{"plan.layer", "layer"},
    std::pair{"plan.units", "units (layer:dimension)"},
    std::pair{"plan.suppress", "share of the units that is suppressed"},
    std::pair{"rank.pairs", "pairs that units are ranked by"},
};

}  // namespace

Slice slice_along(const EntryResults& found, const std::vector<std::string>& axes) {
  const StudyMethod& method = *found.entry.method;
  const Variant& chosen = method.variants.at(chosen_variant(found));
  std::vector<std::string> others;
  for (const std::string& axis : method.axes) {
    if (std::ranges::find(axes, axis) == axes.end()) others.push_back(axis);
  }
  Slice slice{{}, variant_text(chosen, others)};
  for (std::size_t i = 0; i < method.variants.size(); ++i) {
    const bool is_in = std::ranges::all_of(others, [&](const std::string& axis) {
      return axis_value(method.variants[i], axis) == axis_value(chosen, axis);
    });
    if (is_in) slice.variants.push_back(i);
  }
  return slice;
}

const Measured* measured_variant(const EntryResults& found, std::size_t variant) {
  if (variant >= found.choice.size()) return nullptr;
  const std::optional<Measured>& measured = found.choice[variant].measured;
  return measured ? &*measured : nullptr;
}

std::string axis_label(const std::string& axis) {
  for (const auto& [name, words] : words_of_axes) {
    if (axis == name) return words;
  }
  return axis_name(axis);
}

std::string point_words(const StudyMethod& method, std::size_t variant,
                        const std::vector<std::string>& axes) {
  return variant_text(method.variants.at(variant), axes);
}

double in_percent(double share) { return std::round(1e8 * share) / 1e6; }

Interval in_percent(const Interval& share) {
  return {in_percent(share.low), in_percent(share.high)};
}

std::string score_label(const Measured& measured) {
  if (measured.is_judged) return "win rate against the unsteered model (%)";
  return measured.is_detoxification ? "answers that are not toxic (%)" : "accuracy (%)";
}

const Measured& first_measured(const std::vector<const Measured*>& measured) {
  for (const Measured* each : measured) {
    if (each != nullptr) return *each;
  }
  throw MissingResults("plot", "none of its variants could be carried out");
}

std::string items_words(const Study& study, const std::vector<const Measured*>& measured) {
  std::size_t fewest = first_measured(measured).scores.size(), most = fewest;
  for (const Measured* each : measured) {
    if (each == nullptr) continue;
    fewest = std::min(fewest, each->scores.size());
    most = std::max(most, each->scores.size());
  }
  const std::string what = study.chooses_on_dev() ? "item" : "test item";
  std::string words = counted(static_cast<std::int64_t>(most), what);
  if (fewest < most) words = fmt::format("{} to {}", fewest, words);
  return study.chooses_on_dev() ? words + " of the choice" : words;
}

std::string failed_words(const std::vector<const Measured*>& measured) {
  const auto failed = std::ranges::count(measured, nullptr);
  if (failed == 0) return "";
  return fmt::format(" {} could not be carried out and {} left out.", counted(failed, "variant"),
                     failed == 1 ? "is" : "are");
}

}  // namespace austeer
