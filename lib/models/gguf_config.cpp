#include "models/gguf_config.hpp"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <spdlog/spdlog.h>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "models/families.hpp"
#include "models/load.hpp"
#include "models/rope.hpp"
#include "text/bpe.hpp"
#include "text/pre_tokenizer.hpp"
#include "text/sentencepiece.hpp"

namespace austeer {

// What a missing key means is what llama.cpp takes it for; it runs such files, and wrote most.

namespace {

/// What to do with a file that holds no model of its own.
std::string other_use(const std::string& architecture) {
  if (architecture == "controlvector") return "It is a control vector: pass it with --plan";
  if (architecture == "clip") return "It is a model's part for pictures: pass the other file";
  return "";
}

const Family& family_of_file(const GgufFile& file) {
  const GgufMetadata& metadata = file.metadata();
  const auto name = metadata.required<std::string>("general.architecture");
  if (metadata.optional<std::string>("general.type", "model") == "adapter") {
    throw FormatError({file.path().string() + ": the file is an adapter (LoRA), not a model", "",
                       "", "Merge it into its model (llama.cpp's llama-export-lora)"});
  }
  if (const Family* family = family_in_gguf(name)) return *family;
  throw FormatError({file.path().string() + ": the architecture is not supported",
                     fmt::format("{}", fmt::join(gguf_architectures(), ", ")), name,
                     other_use(name)});
}

/// The metadata whose keys open with the architecture, "llama.block_count".
class Keys {
 public:
  Keys(const GgufFile& file, std::string_view architecture)
      : file_(file), prefix_(fmt::format("{}.", architecture)) {}

  bool has(const std::string& key) const { return file_.metadata().has(prefix_ + key); }
  template <typename T>
  T required(const std::string& key) const {
    return file_.metadata().required<T>(prefix_ + key);
  }
  template <typename T>
  T optional(const std::string& key, T fallback) const {
    return file_.metadata().optional(prefix_ + key, fallback);
  }
  std::int64_t whole(const std::string& key) const { return required<std::int64_t>(key); }

  void warn(const std::string& key, std::string_view what) const {
    spdlog::warn("{}: the key {}{} {}", file_.path().string(), prefix_, key, what);
  }

  [[noreturn]] void refuse(const std::string& key, std::string_view what, std::string expected,
                           std::string found) const {
    throw FormatError({fmt::format("{}: {}", file_.path().string(), what),
                       fmt::format("{}{} {}", prefix_, key, expected), std::move(found), ""});
  }

 private:
  const GgufFile& file_;
  std::string prefix_;
};

/// YaRN, whose attention factor llama.cpp infers, so that it does not use those that its converter
/// writes (yarn_attn_factor, yarn_ext_factor).
void read_gguf_yarn(const Keys& keys, RopeConfig& rope) {
  const std::string prefix = "rope.scaling.";
  rope.original_positions =
      keys.optional(prefix + "original_context_length", keys.whole("context_length"));
  rope.beta_fast = keys.optional(prefix + "yarn_beta_fast", rope.beta_fast);
  rope.beta_slow = keys.optional(prefix + "yarn_beta_slow", rope.beta_slow);
  const auto all_dims = keys.optional(prefix + "yarn_log_multiplier", 0.0);
  rope.attention_factor = yarn_attention_factor(rope.factor, 1.0, all_dims);
  for (const char* key : {"yarn_attn_factor", "yarn_ext_factor"}) {
    if (keys.optional(prefix + key, 1.0) == 1.0) continue;
    keys.warn(prefix + key, "is not used, as in llama.cpp");
  }
}

/// The scaling of the frequencies. A factor without a type means linear scaling, as in older files,
/// which have it under a key of their own.
void read_scaling(const Keys& keys, RopeConfig& rope) {
  const std::string type = "rope.scaling.type";
  const std::string older = "rope.scale_linear";
  std::string factor = "rope.scaling.factor";
  if (!keys.has(factor) && keys.has(older)) factor = older;
  const bool scaled =
      keys.has(type) ? keys.required<std::string>(type) != "none" : keys.has(factor);
  if (!scaled) return;
  rope.type = keys.optional<std::string>(type, "linear");
  rope.factor = keys.required<double>(factor);
  if (rope.type == "yarn") read_gguf_yarn(keys, rope);
}

/// Llama 3's frequency scaling, which comes as a tensor of divisors instead of its parameters.
std::vector<double> read_divisors(const GgufFile& file, std::int64_t head_dim) {
  if (!file.has("rope_freqs.weight")) return {};
  const at::Tensor divisors = file.load("rope_freqs.weight", at::kFloat);
  if (divisors.dim() != 1 || divisors.numel() != head_dim / 2 ||
      !at::isfinite(divisors).all().item<bool>() || !(divisors > 0).all().item<bool>()) {
    throw FormatError({file.path().string() + ": rope_freqs.weight is not usable",
                       fmt::format("{} positive numbers", head_dim / 2), "", ""});
  }
  return {divisors.const_data_ptr<float>(), divisors.const_data_ptr<float>() + divisors.numel()};
}

/// A second RoPE, of layers that have a window, has a base of its own, which is not scaled.
void read_ropes(const GgufFile& file, const Keys& keys, DecoderConfig& config) {
  const auto rotated = keys.optional("rope.dimension_count", config.head_dim);
  if (rotated != config.head_dim) {
    keys.refuse("rope.dimension_count", "only a part of each head is turned by RoPE",
                fmt::format("{}, the head dimension", config.head_dim), std::to_string(rotated));
  }
  config.rope.theta = keys.optional("rope.freq_base", config.rope.theta);
  read_scaling(keys, config.rope);
  config.rope.attention_factor *= keys.optional("rope.scaling.attn_factor", 1.0);
  config.rope.divisors = read_divisors(file, config.head_dim);
  extend_positions(config);
  if (family_of(config.model_type).two_ropes) {
    config.window_rope = RopeConfig{};
    config.window_rope->theta = keys.optional("rope.freq_base_swa", 1e4);
  }
}

/// Some families alternate layers with a window and layers without; in the others all have it, if
/// the file speaks of one.
void read_windows(const Keys& keys, DecoderConfig& config) {
  const Family& family = family_of(config.model_type);
  const auto window = keys.optional("attention.sliding_window", family.gguf_window);
  if (window == 0) return;
  if (family.windowed != WindowedLayers::alternating) {
    config.windows.assign(static_cast<std::size_t>(config.layers), window);
    return;
  }
  const std::string pattern = "attention.sliding_window_pattern";
  const auto period = keys.optional(pattern, family.window_period);
  if (period < 1) {
    keys.refuse(pattern, "the sliding window's period", "of 1 or more", std::to_string(period));
  }
  config.windows = alternating_windows(config.layers, window, period);
}

/// The largest Gemma 2 and Gemma 3 scale queries by the width of a head were the residual stream
/// cut into heads; the file does not say so, their number of layers does.
double own_query_scale(const DecoderConfig& config) {
  const bool largest = config.layers == family_of(config.model_type).largest_layers;
  const std::int64_t width = largest ? config.width / config.heads : config.head_dim;
  return 1.0 / std::sqrt(static_cast<double>(width));
}

void read_query_scale(const Keys& keys, DecoderConfig& config) {
  if (!family_of(config.model_type).reads_query_scale) return;
  config.query_scale = keys.optional("attention.scale", own_query_scale(config));
  config.attention_softcap = keys.optional("attn_logit_softcapping", config.attention_softcap);
  config.logit_softcap = keys.optional("final_logit_softcapping", config.logit_softcap);
}

/// Experts of layers that have a router.
void read_experts(const GgufFile& file, const Keys& keys, DecoderConfig& config) {
  if (!family_of(config.model_type).has_experts) {
    const auto count = keys.optional<std::int64_t>("expert_count", 0);
    if (count == 0) return;
    keys.refuse("expert_count", "experts are not supported in this architecture", "0",
                std::to_string(count));
  }
  constexpr std::int64_t softmax = 1;
  const std::string gate = "expert_gating_func";
  if (keys.optional(gate, softmax) != softmax) {
    keys.refuse(gate, "the router's function is not supported", "1, softmax",
                std::to_string(keys.whole(gate)));
  }
  config.experts = ExpertsConfig{keys.whole("expert_count"), keys.whole("expert_used_count"),
                                 keys.whole("expert_feed_forward_length"),
                                 keys.optional("expert_weights_norm", true)};
  for (std::int64_t i = 0; i < config.layers; ++i) {
    if (!file.has(fmt::format("blk.{}.ffn_gate_inp.weight", i))) config.dense_layers.push_back(i);
  }
}

/// V, the rows of the embedding.
std::int64_t read_vocabulary(const GgufFile& file) {
  const std::vector<std::int64_t> shape = file.shape("token_embd.weight");
  if (shape.size() != 2) {
    throw FormatError({file.path().string() + ": token_embd.weight is no matrix", "2 dimensions",
                       std::to_string(shape.size()), ""});
  }
  return shape.front();
}

void read_sizes(const GgufFile& file, const Keys& keys, DecoderConfig& config) {
  config.layers = keys.whole("block_count");
  config.width = keys.whole("embedding_length");
  config.heads = keys.whole("attention.head_count");
  config.kv_heads = keys.optional("attention.head_count_kv", config.heads);
  config.head_dim =
      keys.optional("attention.key_length", config.heads > 0 ? config.width / config.heads : 0);
  const auto value_dim = keys.optional("attention.value_length", config.head_dim);
  if (value_dim != config.head_dim) {
    keys.refuse("attention.value_length", "keys and values differ in size",
                fmt::format("{}, as keys", config.head_dim), std::to_string(value_dim));
  }
  config.ffn_width = keys.whole("feed_forward_length");
  config.max_positions = keys.whole("context_length");
  config.norm_epsilon = keys.required<double>("attention.layer_norm_rms_epsilon");
  config.vocabulary = read_vocabulary(file);
}

/// What the file shows by the tensors that it has.
void read_presence(const GgufFile& file, DecoderConfig& config) {
  config.tied_embeddings = !file.has("output.weight");
  config.attention_bias = config.attention_bias || file.has("blk.0.attn_q.bias");
  config.output_bias = file.has("blk.0.attn_output.bias");
  config.ffn_bias = file.has("blk.0.ffn_gate.bias");
  config.stored_dtype = file.format("token_embd.weight") == "F16" ? "float16" : "bfloat16";
}

}  // namespace

DecoderConfig read_gguf_config(const GgufFile& file) {
  const std::string place = file.path().string();
  const Family& family = family_of_file(file);
  const Keys keys(file, family.architecture);
  DecoderConfig config;
  config.model_type = family.model_type;
  apply_family(config, place);
  read_sizes(file, keys, config);
  check_config(config, place);  // before sizes are divided by and lists are made
  read_presence(file, config);
  read_ropes(file, keys, config);
  read_windows(keys, config);
  read_experts(file, keys, config);
  read_query_scale(keys, config);
  config.stop_tokens = gguf_stop_tokens(file, config.vocabulary);
  check_config(config, place);
  return config;
}

// One function per kind of vocabulary fills in the neutral form that lib/text makes a tokenizer of.
// What a missing key means is said in the specification of GGUF, or else by what llama.cpp does.

namespace {

using Maker = std::unique_ptr<Tokenizer> (*)(const GgufFile&);

std::string key_of(std::string_view name) { return fmt::format("tokenizer.ggml.{}", name); }

[[noreturn]] void refuse(const GgufFile& file, const std::string& key, std::string expected,
                         std::int64_t found) {
  throw FormatError(
      {fmt::format("[gguf] {}: the metadata key '{}' has a wrong value", file.path().string(), key),
       std::move(expected), std::to_string(found), ""});
}

std::vector<std::int32_t> narrow_types(const GgufFile& file,
                                       const std::vector<std::int64_t>& numbers) {
  std::vector<std::int32_t> types;
  types.reserve(numbers.size());
  for (const std::int64_t number : numbers) {
    if (!std::in_range<std::int32_t>(number)) {
      refuse(file, key_of("token_type"), "numbers of 32 bits", number);
    }
    types.push_back(static_cast<std::int32_t>(number));
  }
  return types;
}

/// The fields that both kinds of vocabulary have; the values that they hold before are the defaults
/// of the kind.
template <typename Vocabulary>
void read_common(const GgufFile& file, Vocabulary& vocabulary) {
  const GgufMetadata& metadata = file.metadata();
  vocabulary.place = file.path().string();
  vocabulary.tokens = metadata.required<std::vector<std::string>>(key_of("tokens"));
  const auto count = static_cast<std::int64_t>(vocabulary.tokens.size());
  vocabulary.bos = gguf_token(file, key_of("bos_token_id"), count);
  vocabulary.eos = gguf_token(file, key_of("eos_token_id"), count);
  vocabulary.add_bos = metadata.optional(key_of("add_bos_token"), vocabulary.add_bos);
  vocabulary.add_eos = metadata.optional(key_of("add_eos_token"), vocabulary.add_eos);
}

std::unique_ptr<Tokenizer> make_byte_level(const GgufFile& file) {
  const GgufMetadata& metadata = file.metadata();
  BpeVocabulary vocabulary;
  vocabulary.pre_tokenizer = metadata.optional<std::string>(key_of("pre"), "gpt-2");
  if (!metadata.has(key_of("pre")) || vocabulary.pre_tokenizer == "default") {
    spdlog::warn(
        "{}: the metadata name no pre-tokenizer at '{}', so that texts are cut as GPT-2 cuts "
        "them, which may not be how the model was trained; a newer file of it says how",
        file.path().string(), key_of("pre"));
  }
  vocabulary.add_bos = adds_bos(vocabulary.pre_tokenizer);
  read_common(file, vocabulary);
  vocabulary.types =
      narrow_types(file, metadata.optional<std::vector<std::int64_t>>(key_of("token_type"), {}));
  for (const std::string_view merge :
       metadata.required<std::vector<std::string_view>>(key_of("merges"))) {
    vocabulary.merges.push_back(split_merge(merge, vocabulary.place));
  }
  return make_tokenizer(vocabulary);
}

std::unique_ptr<Tokenizer> make_sentencepiece(const GgufFile& file) {
  const GgufMetadata& metadata = file.metadata();
  SentencePieceVocabulary vocabulary;
  read_common(file, vocabulary);
  vocabulary.scores = metadata.required<std::vector<double>>(key_of("scores"));
  vocabulary.types =
      narrow_types(file, metadata.required<std::vector<std::int64_t>>(key_of("token_type")));
  vocabulary.unknown = gguf_token(file, key_of("unknown_token_id"),
                                  static_cast<std::int64_t>(vocabulary.tokens.size()));
  vocabulary.add_space_prefix =
      metadata.optional(key_of("add_space_prefix"), vocabulary.add_space_prefix);
  return make_tokenizer(vocabulary);
}

/// By `tokenizer.ggml.model`.
const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> table{{"gpt2", &make_byte_level},
                                                  {"llama", &make_sentencepiece}};
  return table;
}

}  // namespace

std::optional<TokenId> gguf_token(const GgufFile& file, const std::string& key,
                                  std::int64_t count) {
  if (!file.metadata().has(key)) return std::nullopt;
  const auto id = file.metadata().required<std::int64_t>(key);
  if (id < 0 || id >= count || !std::in_range<TokenId>(id)) {
    refuse(file, key, fmt::format("a token, 0 to {}", count - 1), id);
  }
  return static_cast<TokenId>(id);
}

std::unique_ptr<Tokenizer> make_gguf_tokenizer(const GgufFile& file) {
  const auto kind = file.metadata().required<std::string>(key_of("model"));
  const auto maker = makers().find(kind);
  if (maker != makers().end()) return maker->second(file);
  std::vector<std::string> kinds;
  for (const auto& [name, entry] : makers()) kinds.push_back(name);
  throw FormatError(
      {fmt::format("{}: the kind of tokenizer is not supported", file.path().string()),
       fmt::format("{}", fmt::join(kinds, " or ")), kind,
       "Use the model's Hugging Face folder instead"});
}

}  // namespace austeer
