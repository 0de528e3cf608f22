#include "models/families.hpp"

#include <fmt/format.h>
#include <map>

#include "base/names.hpp"

namespace austeer {
namespace {

void gemma(DecoderConfig& config) {
  config.activation = Activation::gelu_tanh;
  config.post_norms = true;
  config.norm_offset = true;
  config.scaled_embeddings = true;
  config.tied_embeddings = true;
}

using Traits = void (*)(DecoderConfig&);

const std::map<std::string, Traits>& families() {
  static const std::map<std::string, Traits> table = {
      {"llama", [](DecoderConfig&) {}},
      {"mistral", [](DecoderConfig&) {}},
      {"qwen2", [](DecoderConfig& config) { config.attention_bias = true; }},
      {"qwen3", [](DecoderConfig& config) { config.query_key_norms = true; }},
      {"qwen3_moe", [](DecoderConfig& config) { config.query_key_norms = true; }},
      {"gemma2",
       [](DecoderConfig& config) {
         gemma(config);
         config.attention_softcap = 50.0;
         config.logit_softcap = 30.0;
       }},
      {"gemma3_text", [](DecoderConfig& config) {
         gemma(config);
         config.query_key_norms = true;
       }}};
  return table;
}

}  // namespace

void apply_family(DecoderConfig& config, const std::string& place) {
  const auto family = families().find(config.model_type);
  if (family != families().end()) return family->second(config);
  throw FormatError(
      {fmt::format("{}: the model type '{}' is not supported", place, config.model_type), "", "",
       suggestion(config.model_type, family_names())});
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const auto& [name, traits] : families()) names.push_back(name);
  return names;
}

std::int64_t window_period(const std::string& model_type) {
  if (model_type == "gemma2") return 2;
  return model_type == "gemma3_text" ? 6 : 0;
}

std::vector<std::int64_t> alternating_windows(std::int64_t layers, std::int64_t window,
                                              std::int64_t period) {
  std::vector<std::int64_t> windows;
  for (std::int64_t i = 0; i < layers; ++i) windows.push_back((i + 1) % period == 0 ? 0 : window);
  return windows;
}

}  // namespace austeer
