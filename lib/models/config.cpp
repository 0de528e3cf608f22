#include "models/config.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>

#include "models/families.hpp"
#include "models/folder_model.hpp"
#include "models/load.hpp"
#include "models/model_files.hpp"
#include "models/rope.hpp"

namespace austeer {

namespace {

/// Windows by layer_types, a list of full_attention and sliding_attention.
std::vector<std::int64_t> typed_windows(Fields& fields, std::int64_t layers, std::int64_t window) {
  const auto types = fields.required<std::vector<std::string>>("layer_types");
  if (static_cast<std::int64_t>(types.size()) != layers) {
    fields.refuse("layer_types", fmt::format("one for each of {} layers", layers), types.size());
  }
  std::vector<std::int64_t> windows;
  for (const std::string& type : types) {
    if (type != "full_attention" && type != "sliding_attention") {
      fields.refuse("layer_types", "full_attention or sliding_attention", type);
    }
    windows.push_back(type == "sliding_attention" ? window : 0);
  }
  return windows;
}

void read_windows(Fields& fields, const Json& json, DecoderConfig& config) {
  const Family& family = family_of(config.model_type);
  if (family.windowed == WindowedLayers::none) return;
  if (family.windows_by_switch && !fields.optional("use_sliding_window", false)) return;
  const std::int64_t otherwise = json.contains("sliding_window") ? 0 : 4096;  // null: no window
  const auto window = fields.optional("sliding_window", otherwise);
  if (window == 0) return;
  const bool every = family.windowed == WindowedLayers::every_layer;
  if (!every && fields.has("layer_types")) {
    config.windows = typed_windows(fields, config.layers, window);
  } else if (family.windowed == WindowedLayers::alternating) {
    const std::string key = fields.has("_sliding_window_pattern") ? "_sliding_window_pattern"
                                                                  : "sliding_window_pattern";
    const auto period = fields.optional(key, family.window_period);
    if (period < 1) fields.refuse(key, "a positive number", period);
    config.windows = alternating_windows(config.layers, window, period);
  } else {
    config.windows.assign(static_cast<std::size_t>(config.layers), window);
    if (!every) {
      const auto first = fields.optional<std::int64_t>("max_window_layers", 28);
      const auto full =
          static_cast<std::ptrdiff_t>(std::clamp(first, std::int64_t{0}, config.layers));
      std::fill_n(config.windows.begin(), full, 0);
    }
  }
}

void read_experts(Fields& fields, DecoderConfig& config) {
  if (!family_of(config.model_type).has_experts) return;
  ExpertsConfig experts;
  experts.count = fields.required<std::int64_t>(fields.has("num_experts") ? "num_experts"
                                                                          : "num_local_experts");
  experts.per_token = fields.required<std::int64_t>("num_experts_per_tok");
  experts.ffn_width = fields.required<std::int64_t>("moe_intermediate_size");
  experts.normalised = fields.optional("norm_topk_prob", false);
  config.experts = experts;

  const auto step = fields.optional<std::int64_t>("decoder_sparse_step", 1);
  if (step < 1) fields.refuse("decoder_sparse_step", "a positive number", step);
  const auto dense = fields.optional<std::vector<std::int64_t>>("mlp_only_layers", {});
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const bool named = std::ranges::find(dense, i) != dense.end();
    if (named || (i + 1) % step != 0) config.dense_layers.push_back(i);
  }
}

void read_query_scale(Fields& fields, const Json& json, DecoderConfig& config) {
  if (!family_of(config.model_type).reads_query_scale) return;
  const auto scalar = fields.optional("query_pre_attn_scalar", 256.0);
  if (!(scalar > 0)) fields.refuse("query_pre_attn_scalar", "a positive number", scalar);
  config.query_scale = 1.0 / std::sqrt(scalar);
  // A cap that is null is none; one that is not there is the family's own.
  const auto read_cap = [&](const std::string& key, double& cap) {
    cap = fields.optional(key, json.contains(key) ? 0.0 : cap);
  };
  read_cap("attn_logit_softcapping", config.attention_softcap);
  read_cap("final_logit_softcapping", config.logit_softcap);
  if (fields.optional("use_bidirectional_attention", false)) {
    fields.refuse("use_bidirectional_attention", "false: only causal attention is supported", true);
  }
}

void read_activation(Fields& fields, const DecoderConfig& config) {
  const std::string key = fields.has("hidden_activation") ? "hidden_activation" : "hidden_act";
  const std::string own = config.activation == Activation::silu ? "silu" : "gelu_pytorch_tanh";
  const auto activation = fields.optional<std::string>(key, own);
  if (activation != own) fields.refuse(key, own, activation);
}

std::int64_t default_head_dim(const DecoderConfig& config) {
  if (const std::int64_t own = family_of(config.model_type).head_dim; own > 0) return own;
  return config.heads > 0 ? config.width / config.heads : 0;
}

void read_sizes(Fields& fields, DecoderConfig& config) {
  config.layers = fields.required<std::int64_t>("num_hidden_layers");
  config.width = fields.required<std::int64_t>("hidden_size");
  config.heads = fields.required<std::int64_t>("num_attention_heads");
  config.kv_heads = fields.optional("num_key_value_heads", config.heads);
  config.head_dim = fields.optional("head_dim", default_head_dim(config));
  config.ffn_width = fields.required<std::int64_t>("intermediate_size");
  config.vocabulary = fields.required<std::int64_t>("vocab_size");
  config.max_positions = fields.optional<std::int64_t>("max_position_embeddings", 2048);
}

}  // namespace

std::int64_t DecoderConfig::window(std::int64_t layer) const {
  return windows.empty() ? 0 : windows[static_cast<std::size_t>(layer)];
}

bool DecoderConfig::has_experts(std::int64_t layer) const {
  return experts && std::ranges::find(dense_layers, layer) == dense_layers.end();
}

AttentionConfig DecoderConfig::attention(std::int64_t layer) const {
  const double scale =
      query_scale > 0 ? query_scale : 1.0 / std::sqrt(static_cast<double>(head_dim));
  return {scale, attention_softcap, window(layer)};
}

std::int64_t DecoderConfig::layer_parameters(std::int64_t layer) const {
  const std::int64_t kv = kv_heads * head_dim;
  const std::int64_t attention = width * (2 * attention_width() + 2 * kv) +
                                 (attention_bias ? attention_width() + 2 * kv : 0) +
                                 (output_bias ? width : 0) + (query_key_norms ? 2 * head_dim : 0);
  const std::int64_t ffn = has_experts(layer)
                               ? experts->count * (3 * width * experts->ffn_width + width)
                               : 3 * width * ffn_width + (ffn_bias ? 2 * ffn_width + width : 0);
  return attention + ffn + (post_norms ? 4 : 2) * width;
}

std::int64_t DecoderConfig::parameters() const {
  std::int64_t total = width + vocabulary * width * (tied_embeddings ? 1 : 2);
  for (std::int64_t i = 0; i < layers; ++i) total += layer_parameters(i);
  return total;
}

DecoderConfig parse_config(const Json& json, const std::string& place) {
  if (has_text_part(json)) {
    return parse_config(text_part_config(json, place), place + ": " + text_config_key);
  }
  Fields fields(json, place);
  DecoderConfig config;
  config.model_type = fields.required<std::string>("model_type");
  apply_family(config, place);
  check_quantisation(json, place);
  config.four_bit = fields.has("quantization_config");
  read_sizes(fields, config);
  check_config(config, place);  // before lists with an entry for each layer are made
  config.norm_epsilon = fields.optional("rms_norm_eps", config.norm_epsilon);
  config.tied_embeddings = fields.optional("tie_word_embeddings", config.tied_embeddings);
  const Family& family = family_of(config.model_type);
  if (family.reads_attention_bias) {
    config.attention_bias = config.output_bias = fields.optional("attention_bias", false);
  }
  config.ffn_bias = family.reads_ffn_bias && fields.optional("mlp_bias", false);
  read_activation(fields, config);
  read_rope_config(fields, config);
  read_windows(fields, json, config);
  read_experts(fields, config);
  read_query_scale(fields, json, config);
  config.stored_dtype = fields.optional<std::string>(
      "dtype", fields.optional<std::string>("torch_dtype", config.stored_dtype));
  read_stop_tokens(fields, config.stop_tokens);
  check_config(config, place);
  return config;
}

DecoderConfig read_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.json";
  DecoderConfig config = parse_config(read_json(file), file.string());
  const std::filesystem::path generation = folder / "generation_config.json";
  if (std::error_code error; std::filesystem::exists(generation, error)) {
    const Json json = read_json(generation);
    Fields fields(json, generation.string());
    read_stop_tokens(fields, config.stop_tokens);
  }
  return config;
}

// What must hold of a configuration, whatever format it came from.

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
