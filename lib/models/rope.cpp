#include "models/rope.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numbers>
#include <spdlog/spdlog.h>

#include "kernels/row_kernels.hpp"
#include "models/dtype.hpp"
#include "models/families.hpp"

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
  const Family& family = family_of(config.model_type);
  const bool two = family.two_ropes;
  config.rope.theta = fields.optional("rope_theta", family.rope_theta);
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

namespace {

/// Llama 3's scaling of one frequency: wavelengths beyond the original context are stretched by
/// the factor, short ones kept, those between blended.
double llama3_frequency(double frequency, const RopeConfig& rope) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  const auto context = static_cast<double>(rope.original_positions);
  if (wavelength < context / rope.high_freq_factor) return frequency;
  if (wavelength > context / rope.low_freq_factor) return frequency / rope.factor;
  const double smooth = (context / wavelength - rope.low_freq_factor) /
                        (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

/// YaRN: the frequencies of pairs that turn often in the original positions are kept, those of
/// pairs that hardly turn are divided by the factor, those between blended along a ramp over the
/// pairs. `wavelengths`: positions per radian of each pair. In float32, step by step as
/// transformers has it, since hundreds of positions on a rounding shows.
at::Tensor yarn_frequencies(const at::Tensor& wavelengths, const RopeConfig& rope) {
  const std::int64_t pairs = wavelengths.size(0);
  const auto head_dim = static_cast<double>(2 * pairs);
  const auto pair_that_turns = [&](double times) {
    const double positions = static_cast<double>(rope.original_positions);
    return head_dim * std::log(positions / (times * 2 * std::numbers::pi)) /
           (2 * std::log(rope.theta));
  };
  // The bounds of the ramp, in pairs.
  double low = pair_that_turns(rope.beta_fast);
  double high = pair_that_turns(rope.beta_slow);
  if (rope.whole_pairs) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, head_dim - 1);
  if (low == high) high += 0.001;
  const at::Tensor ramp = at::arange(pairs, at::kFloat).sub(low).div(high - low).clamp(0, 1);
  const at::Tensor kept = 1 - ramp;
  return (rope.factor * wavelengths).reciprocal() * (1 - kept) + wavelengths.reciprocal() * kept;
}

template <typename Number>
at::Tensor turned_in_place(const at::Tensor& x, const RopeTable& table) {
  rotate_rows(x.data_ptr<Number>(), table.cos.const_data_ptr<float>(),
              table.sin.const_data_ptr<float>(), x.size(0), x.size(1), x.size(2));
  return x;
}

}  // namespace

at::Tensor rope_frequencies(const RopeConfig& rope, std::int64_t head_dim) {
  // In float32, as transformers takes the powers: hundreds of positions on, a rounding of the angle
  // per position shows.
  const at::Tensor exponents = at::arange(0, head_dim, 2, at::kLong).to(at::kFloat).div(head_dim);
  const at::Tensor wavelengths = at::pow(rope.theta, exponents);
  at::Tensor frequencies =
      rope.type == "yarn" ? yarn_frequencies(wavelengths, rope) : wavelengths.reciprocal();
  auto values = frequencies.accessor<float, 1>();
  for (std::int64_t i = 0; i < head_dim / 2; ++i) {
    double frequency = values[i];
    if (rope.type == "linear") frequency /= rope.factor;
    if (rope.type == "llama3") frequency = llama3_frequency(frequency, rope);
    if (!rope.divisors.empty()) frequency /= rope.divisors[static_cast<std::size_t>(i)];
    values[i] = static_cast<float>(frequency);
  }
  return frequencies;
}

RopeTable RopeTable::select(const at::Tensor& index) const {
  return {cos.index_select(0, index), sin.index_select(0, index)};
}

RopeTable rope_table(const at::Tensor& frequencies, const at::Tensor& positions, double factor) {
  const at::Tensor angles = positions.to(at::kFloat).unsqueeze(1) * frequencies.unsqueeze(0);
  RopeTable table{at::cos(angles).unsqueeze(1), at::sin(angles).unsqueeze(1)};
  if (factor != 1.0) {
    table.cos.mul_(factor);
    table.sin.mul_(factor);
  }
  return table;
}

at::Tensor apply_rope(const at::Tensor& x, const RopeTable& table) {
  if (is_float_rows(table.cos) && is_float_rows(table.sin)) {
    if (is_rows_of(at::kFloat, x)) return turned_in_place<float>(x, table);
    if (is_rows_of(at::kBFloat16, x)) return turned_in_place<c10::BFloat16>(x, table);
  }
  const std::int64_t half = x.size(-1) / 2;
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor first = wide.narrow(-1, 0, half);
  const at::Tensor second = wide.narrow(-1, half, half);
  at::Tensor turned = at::empty_like(wide);
  turned.narrow(-1, 0, half).copy_(first * table.cos).sub_(second * table.sin);
  turned.narrow(-1, half, half).copy_(second * table.cos).add_(first * table.sin);
  return turned.to(x.scalar_type());
}

}  // namespace austeer
