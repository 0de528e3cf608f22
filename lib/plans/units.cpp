#include "plans/units.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/scan.hpp"

namespace austeer {

std::string name_of_reading(std::string_view site, ReadPositions positions) {
  if (positions == ReadPositions::last) return std::string(site);
  return fmt::format("{}@{}", site, enum_name(positions));
}

std::string site_reading_name(const SiteReading& reading) {
  return name_of_reading(site_name(reading.site), reading.positions);
}

SiteReading parse_site_reading(std::string_view name) {
  const std::size_t at = name.find('@');
  if (at == std::string_view::npos) return {.site = parse_site(name)};
  return {.site = parse_site(name.substr(0, at)),
          .positions = enum_value<ReadPositions>(name.substr(at + 1))};
}

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
