#include "models/rope_config.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <spdlog/spdlog.h>

namespace austeer {
namespace {

/// What a config says of positions outside of its RoPE objects.
struct Positions {
  std::int64_t most;
  std::int64_t outside;  ///< the original ones, which go before a RoPE object's; 0: it does not
};

/// Says once which keys of a RoPE object are not used, as transformers does not.
void warn_of_unused(const Json& json, const std::string& type, const std::string& place) {
  std::vector<std::string> used = {"rope_type",
                                   "type",
                                   "rope_theta",
                                   "factor",
                                   "original_max_position_embeddings",
                                   "partial_rotary_factor"};
  const auto also = [&](std::initializer_list<const char*> keys) {
    used.insert(used.end(), keys.begin(), keys.end());
  };
  if (type == "llama3") also({"low_freq_factor", "high_freq_factor"});
  if (type == "yarn") {
    also({"attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate"});
  }
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(used, key) != used.end()) continue;
    spdlog::warn("{}: the key '{}' is not used for the type '{}'", place, key, type);
  }
}

void read_yarn(Fields& fields, const Json& json, const Positions& positions, RopeConfig& rope) {
  const auto original = static_cast<double>(rope.original_positions);
  // A factor that is null is how far the positions were extended.
  const bool extended = json.contains("factor") && json.at("factor").is_null();
  rope.factor =
      extended ? static_cast<double>(positions.most) / original : fields.required<double>("factor");
  const double inferred = yarn_attention_factor(rope.factor, fields.optional("mscale", 0.0),
                                                fields.optional("mscale_all_dim", 0.0));
  rope.attention_factor = fields.optional("attention_factor", inferred);
  const auto unless_zero = [&](const std::string& key, double own) {
    const double value = fields.optional(key, own);
    return value == 0 ? own : value;
  };
  rope.beta_fast = unless_zero("beta_fast", rope.beta_fast);
  rope.beta_slow = unless_zero("beta_slow", rope.beta_slow);
  rope.whole_pairs = fields.optional("truncate", true);
}

/// RoPE as one object of config.json has it; what it leaves out stays as in `rope`.
RopeConfig parse_rope(const Json& json, RopeConfig rope, const Positions& positions,
                      const std::string& place) {
  Fields fields(json, place);
  rope.theta = fields.optional("rope_theta", rope.theta);
  rope.type =
      fields.optional<std::string>("rope_type", fields.optional<std::string>("type", rope.type));
  const auto inside = fields.optional("original_max_position_embeddings", positions.most);
  rope.original_positions = positions.outside > 0 ? positions.outside : inside;
  if (const double part = fields.optional("partial_rotary_factor", 1.0); part != 1.0) {
    fields.refuse("partial_rotary_factor", "1: all of each head is turned by RoPE", part);
  }
  if (rope.type == "linear" || rope.type == "llama3") {
    rope.factor = fields.required<double>("factor");
  }
  if (rope.type == "llama3") {
    rope.low_freq_factor = fields.required<double>("low_freq_factor");
    rope.high_freq_factor = fields.required<double>("high_freq_factor");
  }
  if (rope.type == "yarn" && rope.original_positions > 0) {
    read_yarn(fields, json, positions, rope);
  }
  warn_of_unused(json, rope.type, place);
  return rope;
}

}  // namespace

// Gemma 3 has a RoPE for layers that see everything and one for layers with a window, in either
// spelling; other families have one.
void read_rope_config(Fields& fields, DecoderConfig& config) {
  const std::string key = fields.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  if (fields.has("rope_scaling") && fields.value("rope_scaling") != fields.value(key)) {
    fields.refuse("rope_scaling", "nothing beside rope_parameters; its keys go in there",
                  fields.value("rope_scaling"));
  }
  const std::string place = fields.place() + ": " + key;
  const bool two = config.model_type == "gemma3_text";
  config.rope.theta = fields.optional("rope_theta", two ? 1e6 : config.rope.theta);
  if (two) {
    config.window_rope = RopeConfig{};
    config.window_rope->theta = fields.optional("rope_local_base_freq", 1e4);
  }
  if (!fields.has(key)) return;
  const Json& json = fields.value(key);
  const Positions positions{config.max_positions,
                            fields.optional<std::int64_t>("original_max_position_embeddings", 0)};
  const auto read = [&](const Json& object, RopeConfig& rope, const std::string& at) {
    rope = parse_rope(object, rope, positions, at);
  };
  const auto both = two && json.is_object();
  const bool full = both && json.contains("full_attention");
  const bool sliding = both && json.contains("sliding_attention");
  if (full) read(json.at("full_attention"), config.rope, place + ": full_attention");
  if (sliding) {
    read(json.at("sliding_attention"), *config.window_rope, place + ": sliding_attention");
  }
  if (!full && !sliding) read(json, config.rope, place);
  extend_positions(config);
}

double yarn_attention_factor(double factor, double mscale, double mscale_all_dim) {
  const auto scale = [&](double by) { return factor <= 1 ? 1.0 : 0.1 * by * std::log(factor) + 1; };
  return mscale != 0 && mscale_all_dim != 0 ? scale(mscale) / scale(mscale_all_dim) : scale(1);
}

void extend_positions(DecoderConfig& config) {
  if (config.rope.type != "yarn") return;
  constexpr double most = 1e9;
  const double reach = config.rope.factor * static_cast<double>(config.rope.original_positions);
  if (!(reach > 0 && reach < most)) return;
  config.max_positions = std::max(config.max_positions, static_cast<std::int64_t>(reach));
}

}  // namespace austeer
