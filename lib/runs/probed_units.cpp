#include "runs/probed_units.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace austeer {

void check_probed_units(std::span<const UnitName> units, const Decoder& model) {
  if (units.empty()) throw UsageError("probe", "no unit is named", "--units SITE:LAYER:DIM,...");
  for (const UnitName& unit : units) {
    if (!unit.site) {
      throw UsageError({"[probe] the unit has no site", "SITE:LAYER:DIM",
                        fmt::format("'{}'", unit_text(unit)), ""});
    }
    const std::int64_t layers = model.config().layers;
    const std::int64_t width = model.site_width(*unit.site);
    if (unit.layer >= 0 && unit.layer < layers && unit.dim >= 0 && unit.dim < width) continue;
    throw UsageError(
        {"[probe] the model has no such unit",
         fmt::format("{} layers of width {} at site {}", layers, width, site_name(*unit.site)),
         unit_text(unit), ""});
  }
}

}  // namespace austeer
