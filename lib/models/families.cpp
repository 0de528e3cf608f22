#include "models/families.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/names.hpp"

namespace austeer {
namespace {

constexpr Family gemma(std::string_view model_type, std::string_view architecture) {
  return {.model_type = model_type,
          .architecture = architecture,
          .activation = Activation::gelu_tanh,
          .post_norms = true,
          .norm_offset = true,
          .scaled_embeddings = true,
          .tied_embeddings = true,
          .reads_query_scale = true,
          .head_dim = 256,
          .windowed = WindowedLayers::alternating,
          .overflows_float16 = true};
}

constexpr Family gemma2() {
  Family family = gemma("gemma2", "gemma2");
  family.attention_softcap = 50.0;
  family.logit_softcap = 30.0;
  family.window_period = 2;
  family.gguf_window = 4096;
  family.largest_layers = 46;
  return family;
}

constexpr Family gemma3() {
  Family family = gemma("gemma3_text", "gemma3");
  family.larger_type = "gemma3";
  family.query_key_norms = true;
  family.window_period = 6;
  family.two_ropes = true;
  family.rope_theta = 1e6;
  family.largest_layers = 62;
  return family;
}

// Llama before Mistral, whose GGUF files are called by its name.
constexpr std::array families = {
    Family{.model_type = "llama",
           .architecture = "llama",
           .reads_ffn_bias = true,
           .interleaved_rope = true},
    Family{.model_type = "mistral",
           .architecture = "llama",
           .reads_attention_bias = false,
           .windowed = WindowedLayers::every_layer},
    Family{.model_type = "qwen2",
           .architecture = "qwen2",
           .attention_bias = true,
           .reads_attention_bias = false,
           .windowed = WindowedLayers::listed,
           .windows_by_switch = true},
    Family{.model_type = "qwen3",
           .architecture = "qwen3",
           .query_key_norms = true,
           .head_dim = 128,
           .windowed = WindowedLayers::listed,
           .windows_by_switch = true},
    Family{.model_type = "qwen3_moe",
           .architecture = "qwen3moe",
           .query_key_norms = true,
           .has_experts = true,
           .windowed = WindowedLayers::every_layer,
           .windows_by_switch = true},
    gemma2(),
    gemma3(),
};

const Family* found_by(std::string_view Family::*name, std::string_view value) {
  const auto* family = std::ranges::find(families, value, name);
  return family == families.end() ? nullptr : family;
}

}  // namespace

const Family& family_of(std::string_view model_type, std::string_view place) {
  if (const Family* family = found_by(&Family::model_type, model_type)) return *family;
  throw FormatError({fmt::format("{}: the model type '{}' is not supported", place, model_type), "",
                     "", suggestion(std::string(model_type), family_names())});
}

const Family* family_in_gguf(std::string_view architecture) {
  return found_by(&Family::architecture, architecture);
}

const Family* family_of_text_part(std::string_view model_type) {
  return model_type.empty() ? nullptr : found_by(&Family::larger_type, model_type);
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Family& family : families) names.emplace_back(family.model_type);
  std::ranges::sort(names);
  return names;
}

std::vector<std::string_view> gguf_architectures() {
  std::vector<std::string_view> names;
  for (const Family& family : families) {
    if (std::ranges::count(names, family.architecture) == 0) names.push_back(family.architecture);
  }
  return names;
}

void apply_family(DecoderConfig& config, const std::string& place) {
  const Family& family = family_of(config.model_type, place);
  config.activation = family.activation;
  config.attention_bias = family.attention_bias;
  config.query_key_norms = family.query_key_norms;
  config.post_norms = family.post_norms;
  config.norm_offset = family.norm_offset;
  config.scaled_embeddings = family.scaled_embeddings;
  config.tied_embeddings = family.tied_embeddings;
  config.attention_softcap = family.attention_softcap;
  config.logit_softcap = family.logit_softcap;
}

std::vector<std::int64_t> alternating_windows(std::int64_t layers, std::int64_t window,
                                              std::int64_t period) {
  std::vector<std::int64_t> windows;
  for (std::int64_t i = 0; i < layers; ++i) windows.push_back((i + 1) % period == 0 ? 0 : window);
  return windows;
}

}  // namespace austeer
