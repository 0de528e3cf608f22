#pragma once
// Units by name, as users write them: LAYER:DIM, or SITE:LAYER:DIM.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/settings.hpp"
#include "plans/site.hpp"

namespace austeer {

/// A unit by name. The site may be left out where the ranking has but one.
struct UnitName {
  std::optional<Site> site;
  std::int64_t layer = 0;
  std::int64_t dim = 0;

  bool operator==(const UnitName&) const = default;
};

/// "27:84" or "ffn:27:84", and back. Throws UsageError for any other text.
UnitName parse_unit(std::string_view text);
std::string unit_text(const UnitName& unit);

template <>
struct TextForm<UnitName> {
  static UnitName parse(std::string_view text) { return parse_unit(text); }
  static std::string text(const UnitName& unit) { return unit_text(unit); }
};

}  // namespace austeer
