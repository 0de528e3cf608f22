#include "models/site_width.hpp"

namespace austeer {

std::int64_t site_width(const DecoderConfig& config, Site site) {
  switch (site) {
    case Site::attention:
      return config.attention_width();
    case Site::ffn_gate:
      if (!config.experts) return config.ffn_width;
      throw UsageError("site", "a model with experts has no site ffn_gate: each has its own gate",
                       "Use ffn, the sum of the experts' outputs");
    case Site::ffn:
    case Site::layer:
      break;
  }
  return config.width;
}

}  // namespace austeer
