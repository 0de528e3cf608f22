#pragma once
// A site is a place in a decoder layer whose activations can be read and edited.

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/enum_names.hpp"

namespace austeer {

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

}  // namespace austeer
