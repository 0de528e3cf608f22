#include "models/config.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>

#include "models/families.hpp"
#include "models/quantisation.hpp"
#include "models/rope_config.hpp"
#include "models/stop_tokens.hpp"
#include "models/text_part.hpp"

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
  const std::string& type = config.model_type;
  const bool gemma = type.starts_with("gemma");
  const bool qwen = type.starts_with("qwen");
  if (type == "llama" || (qwen && !fields.optional("use_sliding_window", false))) return;
  const std::int64_t otherwise = json.contains("sliding_window") ? 0 : 4096;  // null: no window
  const auto window = fields.optional("sliding_window", otherwise);
  if (window == 0) return;
  const bool whole = type == "mistral" || type == "qwen3_moe";  // every layer has the window
  if (!whole && fields.has("layer_types")) {
    config.windows = typed_windows(fields, config.layers, window);
  } else if (gemma) {
    const std::string key = fields.has("_sliding_window_pattern") ? "_sliding_window_pattern"
                                                                  : "sliding_window_pattern";
    const auto period = fields.optional(key, window_period(type));
    if (period < 1) fields.refuse(key, "a positive number", period);
    config.windows = alternating_windows(config.layers, window, period);
  } else {
    config.windows.assign(static_cast<std::size_t>(config.layers), window);
    if (!whole) {
      const auto first = fields.optional<std::int64_t>("max_window_layers", 28);
      const auto full =
          static_cast<std::ptrdiff_t>(std::clamp(first, std::int64_t{0}, config.layers));
      std::fill_n(config.windows.begin(), full, 0);
    }
  }
}

void read_experts(Fields& fields, DecoderConfig& config) {
  if (config.model_type != "qwen3_moe") return;
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

void read_gemma(Fields& fields, const Json& json, DecoderConfig& config) {
  if (!config.model_type.starts_with("gemma")) return;
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
  if (config.model_type.starts_with("gemma")) return 256;
  if (config.model_type == "qwen3") return 128;
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
  if (config.model_type != "qwen2" && config.model_type != "mistral") {
    config.attention_bias = config.output_bias = fields.optional("attention_bias", false);
  }
  config.ffn_bias = config.model_type == "llama" && fields.optional("mlp_bias", false);
  read_activation(fields, config);
  read_rope_config(fields, config);
  read_windows(fields, json, config);
  read_experts(fields, config);
  read_gemma(fields, json, config);
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

}  // namespace austeer
