#include "plans/units.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/scan.hpp"

namespace austeer {

UnitName parse_unit(std::string_view text) {
  UnitName unit;
  std::string_view rest = text;
  if (std::ranges::count(text, ':') == 2) {
    unit.site = parse_site(text.substr(0, text.find(':')));
    rest.remove_prefix(text.find(':') + 1);
  }
  unit.layer = take_number<std::int64_t>(rest).value_or(-1);
  const bool parted = rest.starts_with(':');
  rest.remove_prefix(parted ? 1 : 0);
  unit.dim = take_number<std::int64_t>(rest).value_or(-1);
  if (unit.layer < 0 || !parted || unit.dim < 0 || !rest.empty()) {
    throw UsageError({"[plan] not the name of a unit", "LAYER:DIM or SITE:LAYER:DIM",
                      fmt::format("'{}'", text), ""});
  }
  return unit;
}

std::string unit_text(const UnitName& unit) {
  return fmt::format("{}{}:{}", unit.site ? site_name(*unit.site) + ":" : "", unit.layer, unit.dim);
}

}  // namespace austeer
