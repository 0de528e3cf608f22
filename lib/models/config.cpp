#include "models/config.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/suggest.hpp"

namespace austeer {
namespace {

const std::vector<std::string> known_model_types = {"llama"};
const std::vector<std::string> known_rope_types = {"default", "linear", "llama3"};

RopeConfig parse_rope(Fields& config, const Json& json, std::int64_t max_positions,
                      const std::string& place) {
  RopeConfig rope;
  rope.theta = config.optional("rope_theta", rope.theta);
  const std::string key = config.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  if (!config.has(key)) return rope;

  Fields fields(json.at(key), place + ": " + key);
  rope.theta = fields.optional("rope_theta", rope.theta);
  rope.type =
      fields.optional<std::string>("rope_type", fields.optional<std::string>("type", rope.type));
  if (rope.type == "linear" || rope.type == "llama3") {
    rope.factor = fields.required<double>("factor");
  }
  if (rope.type == "llama3") {
    rope.low_freq_factor = fields.required<double>("low_freq_factor");
    rope.high_freq_factor = fields.required<double>("high_freq_factor");
    rope.original_positions = fields.optional("original_max_position_embeddings", max_positions);
  }
  return rope;
}

std::vector<TokenId> parse_token_ids(Fields& fields, const std::string& key) {
  if (!fields.has(key)) return {};
  if (fields.value(key).is_array()) return fields.required<std::vector<TokenId>>(key);
  return {fields.required<TokenId>(key)};
}

void refuse_unknown_type(const std::string& kind, const std::string& found,
                         const std::vector<std::string>& known, const std::string& place) {
  for (const std::string& name : known) {
    if (name == found) return;
  }
  throw FormatError({fmt::format("{}: the {} '{}' is not supported", place, kind, found), "", "",
                     suggestion(found, known)});
}

void check_size(const std::string& name, std::int64_t value, std::int64_t most,
                const std::string& place) {
  if (value >= 1 && value <= most) return;
  throw FormatError({fmt::format("{}: {} is impossible", place, name), fmt::format("1 to {}", most),
                     std::to_string(value), ""});
}

}  // namespace

DecoderConfig parse_config(const Json& json, const std::string& place) {
  Fields fields(json, place);
  DecoderConfig config;
  config.model_type = fields.required<std::string>("model_type");
  refuse_unknown_type("model type", config.model_type, known_model_types, place);

  config.layers = fields.required<std::int64_t>("num_hidden_layers");
  config.width = fields.required<std::int64_t>("hidden_size");
  config.heads = fields.required<std::int64_t>("num_attention_heads");
  config.kv_heads = fields.optional("num_key_value_heads", config.heads);
  config.head_dim = fields.optional("head_dim", config.heads > 0 ? config.width / config.heads : 0);
  config.ffn_width = fields.required<std::int64_t>("intermediate_size");
  config.vocabulary = fields.required<std::int64_t>("vocab_size");
  config.max_positions = fields.optional<std::int64_t>("max_position_embeddings", 2048);
  config.norm_epsilon = fields.optional("rms_norm_eps", config.norm_epsilon);
  config.tied_embeddings = fields.optional("tie_word_embeddings", false);
  config.attention_bias = fields.optional("attention_bias", false);
  config.ffn_bias = fields.optional("mlp_bias", false);
  config.rope = parse_rope(fields, json, config.max_positions, place);
  config.stored_dtype = fields.optional<std::string>(
      "dtype", fields.optional<std::string>("torch_dtype", config.stored_dtype));
  config.stop_tokens = parse_token_ids(fields, "eos_token_id");

  const auto activation = fields.optional<std::string>("hidden_act", "silu");
  if (activation != "silu") {
    throw FormatError({place + ": hidden_act is not supported", "silu", activation, ""});
  }
  check_config(config, place);
  return config;
}

void check_config(const DecoderConfig& config, const std::string& place) {
  check_size("the number of layers", config.layers, 1024, place);
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
  refuse_unknown_type("RoPE type", config.rope.type, known_rope_types, place);
  const bool sane = std::isfinite(config.rope.theta) && config.rope.theta > 0 &&
                    std::isfinite(config.rope.factor) && config.rope.factor > 0 &&
                    std::isfinite(config.norm_epsilon) && config.norm_epsilon > 0 &&
                    config.rope.original_positions > 0 &&
                    config.rope.high_freq_factor > config.rope.low_freq_factor;
  if (!sane) {
    throw FormatError(
        {place + ": rope_theta, the RoPE factors and rms_norm_eps must be positive", "", "", ""});
  }
}

DecoderConfig read_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "config.json";
  DecoderConfig config = parse_config(read_json(file), file.string());
  const std::filesystem::path generation = folder / "generation_config.json";
  if (std::error_code error; std::filesystem::exists(generation, error)) {
    const Json json = read_json(generation);
    Fields fields(json, generation.string());
    for (const TokenId id : parse_token_ids(fields, "eos_token_id")) {
      if (std::ranges::find(config.stop_tokens, id) == config.stop_tokens.end()) {
        config.stop_tokens.push_back(id);
      }
    }
  }
  return config;
}

}  // namespace austeer
