#pragma once
// A site is a place in a decoder layer whose activations can be read and edited (DESIGN §3).

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/suggest.hpp"

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

inline std::string site_name(Site site) {
  switch (site) {
    case Site::attention:
      return "attention";
    case Site::ffn_gate:
      return "ffn_gate";
    case Site::ffn:
      return "ffn";
    case Site::layer:
      return "layer";
  }
  return "";
}

/// The site called `name`. Throws UsageError with the nearest known one.
inline Site parse_site(std::string_view name) {
  std::vector<std::string> known;
  for (const Site site : all_sites) {
    if (site_name(site) == name) return site;
    known.push_back(site_name(site));
  }
  throw UsageError("site", "unknown site '" + std::string(name) + "'", suggestion(name, known));
}

}  // namespace austeer
