#pragma once
// Sites, places in a decoder layer whose activations can be read and edited, and single units by
// name.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/names.hpp"
#include "base/settings.hpp"

namespace austeer {

// A site is a place in a decoder layer whose activations can be read and edited.

/// In the order in which a layer computes them.
enum class Site {
  attention,  ///< input of o_proj: concatenated head outputs, [rows, heads * head_dim]
  ffn_gate,   ///< activation(gate(x)) before its product with up(x), [rows, FFN width]
  ffn,        ///< output of the FFN block, before a post-norm where the family has one, [rows, D]
  layer,      ///< output of the decoder layer, [rows, D]
};

/// A layer of experts has no `ffn_gate`.
inline constexpr std::array all_sites = {Site::attention, Site::ffn_gate, Site::ffn, Site::layer};
/// Those of the paper, which every family has.
inline constexpr std::array paper_sites = {Site::attention, Site::ffn, Site::layer};

constexpr auto enum_table(Site) {
  return EnumTable{
      "site", "site",
      std::array{std::pair{"attention", Site::attention}, std::pair{"ffn_gate", Site::ffn_gate},
                 std::pair{"ffn", Site::ffn}, std::pair{"layer", Site::layer}}};
}

inline std::string site_name(Site site) { return enum_name(site); }

/// The site called `name`. Throws UsageError with the nearest known one.
inline Site parse_site(std::string_view name) { return enum_value<Site>(name); }

// What a cache keeps of a site.

/// Which tokens of a text are read.
enum class ReadPositions {
  last,         ///< its last one
  answer_mean,  ///< those of its answer, as their mean
  answer_all,   ///< those of its answer, each
};

constexpr auto enum_table(ReadPositions) {
  return EnumTable{"site", "positions",
                   std::array{std::pair{"last", ReadPositions::last},
                              std::pair{"answer_mean", ReadPositions::answer_mean},
                              std::pair{"answer_all", ReadPositions::answer_all}}};
}

/// What is read at one site.
struct SiteReading {
  Site site = Site::ffn;
  ReadPositions positions = ReadPositions::last;
  std::vector<std::int64_t> layers = {};  ///< ascending; empty: all

  bool reads_answers() const { return positions != ReadPositions::last; }
};

/// "layer", "layer@answer_mean": how options, caches and rankings name what is read of the site
/// called `site`.
std::string name_of_reading(std::string_view site, ReadPositions positions);

/// The same of a reading; the layers are not part of it.
std::string site_reading_name(const SiteReading& reading);

/// The inverse. Throws UsageError with the nearest known names.
SiteReading parse_site_reading(std::string_view name);

template <>
struct TextForm<SiteReading> {
  static SiteReading parse(std::string_view name) { return parse_site_reading(name); }
  static std::string text(const SiteReading& reading) { return site_reading_name(reading); }
};

// Units by name, as users write them: LAYER:DIM, or SITE:LAYER:DIM.

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
