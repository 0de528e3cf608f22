// The metrics and their names.
#include "tasks/metrics.hpp"

#include <algorithm>

#include "tasks/strip.hpp"

namespace austeer {
namespace {

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

bool exact_match(std::string_view generated, std::string_view gold) {
  return std::ranges::equal(stripped(generated), stripped(gold), {}, lower, lower);
}

const Registry<Metric>& metrics() {
  static const Registry<Metric> registry =
      Registry<Metric>("metric").add("exact_match", exact_match);
  return registry;
}

}  // namespace austeer
