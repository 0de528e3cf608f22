// What must hold of a configuration, whatever format it came from.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "models/config.hpp"
#include "models/families.hpp"

namespace austeer {
namespace {

constexpr std::int64_t most_layers = 1024;

void check_size(const std::string& name, std::int64_t value, std::int64_t most,
                const std::string& place) {
  if (value >= 1 && value <= most) return;
  throw FormatError({fmt::format("{}: {} is impossible", place, name), fmt::format("1 to {}", most),
                     std::to_string(value), ""});
}

void check_sizes(const DecoderConfig& config, const std::string& place) {
  check_size("the number of layers", config.layers, most_layers, place);
  check_size("the hidden size", config.width, 1 << 17, place);
  check_size("the number of attention heads", config.heads, 1 << 12, place);
  check_size("the number of key/value heads", config.kv_heads, config.heads, place);
  check_size("the head dimension", config.head_dim, 1 << 12, place);
  check_size("the intermediate size", config.ffn_width, 1 << 20, place);
  check_size("the vocabulary size", config.vocabulary, 1 << 24, place);
  check_size("the number of positions", config.max_positions, std::int64_t{1} << 32, place);
  if (config.heads % config.kv_heads != 0) {
    throw FormatError({place + ": key/value heads must divide the attention heads", "",
                       fmt::format("{} and {}", config.kv_heads, config.heads), ""});
  }
  if (config.head_dim % 2 != 0) {
    throw FormatError({place + ": the head dimension must be even for rotary positions", "",
                       std::to_string(config.head_dim), ""});
  }
  for (const std::int64_t window : config.windows) {
    if (window != 0) check_size("the sliding window", window, std::int64_t{1} << 32, place);
  }
}

void check_experts(const DecoderConfig& config, const std::string& place) {
  if (!config.experts) return;
  const ExpertsConfig& experts = *config.experts;
  check_size("the number of experts", experts.count, 1 << 12, place);
  check_size("the number of experts per token", experts.per_token, experts.count, place);
  check_size("the experts' intermediate size", experts.ffn_width, 1 << 20, place);
}

void check_yarn(const RopeConfig& rope, const std::string& place) {
  if (!(rope.theta > 1)) {
    throw FormatError(
        {place + ": rope_theta must be above 1 for YaRN", "", fmt::format("{}", rope.theta), ""});
  }
  if (!std::isfinite(rope.beta_fast) || !(rope.beta_fast >= rope.beta_slow) ||
      !(rope.beta_slow > 0)) {
    throw FormatError({place + ": YaRN's beta_fast must be at least beta_slow, which is positive",
                       "", fmt::format("{} and {}", rope.beta_fast, rope.beta_slow), ""});
  }
}

void check_rope(const RopeConfig& rope, const std::string& place) {
  const std::vector<std::string> known = {"default", "linear", "llama3", "yarn"};
  if (std::ranges::find(known, rope.type) == known.end()) {
    throw FormatError({fmt::format("{}: the RoPE type '{}' is not supported", place, rope.type),
                       fmt::format("{}", fmt::join(known, ", ")), rope.type,
                       "Without scaling, a model is as it was trained for its original positions: "
                       "remove the scaling from the file for texts within them"});
  }
  const bool positive = std::isfinite(rope.theta) && rope.theta > 0 && std::isfinite(rope.factor) &&
                        rope.factor > 0 && rope.original_positions > 0;
  if (!positive) {
    throw FormatError(
        {place + ": rope_theta, the RoPE factor and the original positions must be "
                 "positive",
         "", fmt::format("{}, {}, {}", rope.theta, rope.factor, rope.original_positions), ""});
  }
  if (!std::isfinite(rope.attention_factor) || rope.attention_factor <= 0) {
    throw FormatError({place + ": RoPE's attention factor must be positive", "",
                       fmt::format("{}", rope.attention_factor), ""});
  }
  if (rope.type == "yarn") check_yarn(rope, place);
  if (!(rope.high_freq_factor > rope.low_freq_factor)) {
    throw FormatError({place + ": high_freq_factor must be above low_freq_factor", "",
                       fmt::format("{} and {}", rope.high_freq_factor, rope.low_freq_factor), ""});
  }
}

void check_numbers(const DecoderConfig& config, const std::string& place) {
  if (!std::isfinite(config.norm_epsilon) || config.norm_epsilon <= 0) {
    throw FormatError({place + ": rms_norm_eps must be positive", "",
                       fmt::format("{}", config.norm_epsilon), ""});
  }
  for (const double number : {config.logit_softcap, config.query_scale, config.attention_softcap}) {
    if (std::isfinite(number) && number >= 0) continue;
    throw FormatError({place + ": soft caps and the query scale must be positive", "",
                       fmt::format("{}", number), ""});
  }
}

}  // namespace

void check_config(const DecoderConfig& config, const std::string& place) {
  check_sizes(config, place);
  check_experts(config, place);
  check_rope(config.rope, place);
  if (config.window_rope) check_rope(*config.window_rope, place);
  check_numbers(config, place);
}

}  // namespace austeer
