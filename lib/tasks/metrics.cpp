// The metrics and their names.
#include "tasks/metrics.hpp"

#include <algorithm>
#include <cmath>

#include "base/ascii.hpp"
#include "tasks/number.hpp"
#include "tasks/published_number.hpp"
#include "tasks/strip.hpp"

namespace austeer {
namespace {

constexpr double relative_tolerance = 1e-9;

}  // namespace

bool exact_match(std::string_view generated, std::string_view gold) {
  return lower_ascii(stripped(generated)) == lower_ascii(stripped(gold));
}

bool number_match(std::string_view generated, std::string_view gold) {
  const std::optional<double> found = find_number(generated);
  const std::optional<double> right = find_number(gold);
  if (!found || !right || !std::isfinite(*found)) return false;
  return std::abs(*found - *right) <= relative_tolerance * std::max(1.0, std::abs(*right));
}

const Registry<Metric>& metrics() {
  static const Registry<Metric> registry =
      Registry<Metric>("metric")
          .add("exact_match", {MetricKind::comparison, exact_match, nullptr})
          .add("number_match", {MetricKind::comparison, number_match, nullptr})
          .add("number_match_published", {MetricKind::comparison, nullptr, number_match_published})
          .add("toxicity", {MetricKind::toxicity, nullptr, nullptr})
          .add("judge", {MetricKind::judge, nullptr, nullptr});
  return registry;
}

}  // namespace austeer
