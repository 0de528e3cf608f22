#include "models/gguf_model.hpp"

#include <fmt/format.h>

#include "models/gguf_names.hpp"
#include "models/gguf_tokenizer.hpp"

namespace austeer {
namespace {

/// The scaling of the frequencies. A factor without a type means linear scaling, as in older files,
/// which have it under a key of their own.
void read_scaling(const GgufMetadata& metadata, RopeConfig& rope) {
  const std::string type = "llama.rope.scaling.type";
  const std::string older = "llama.rope.scale_linear";
  std::string factor = "llama.rope.scaling.factor";
  if (!metadata.has(factor) && metadata.has(older)) factor = older;
  const bool scaled =
      metadata.has(type) ? metadata.required<std::string>(type) != "none" : metadata.has(factor);
  if (!scaled) return;
  rope.type = metadata.optional<std::string>(type, "linear");
  rope.factor = metadata.required<double>(factor);
}

/// Rotary embedding must turn whole heads.
void check_rotated(const GgufFile& file, std::int64_t head_dim) {
  const auto rotated = file.metadata().optional("llama.rope.dimension_count", head_dim);
  if (rotated == head_dim) return;
  throw FormatError({file.path().string() + ": only a part of each head is turned by RoPE",
                     fmt::format("llama.rope.dimension_count {}, the head dimension", head_dim),
                     std::to_string(rotated), ""});
}

RopeConfig read_rope(const GgufFile& file, std::int64_t head_dim) {
  const GgufMetadata& metadata = file.metadata();
  check_rotated(file, head_dim);
  RopeConfig rope;
  rope.theta = metadata.optional("llama.rope.freq_base", rope.theta);
  read_scaling(metadata, rope);
  // Llama 3's frequency scaling comes as a tensor of divisors instead of its parameters.
  if (file.has("rope_freqs.weight")) {
    const at::Tensor divisors = file.load("rope_freqs.weight", at::kFloat);
    if (divisors.dim() != 1 || divisors.numel() != head_dim / 2 ||
        !at::isfinite(divisors).all().item<bool>() || !(divisors > 0).all().item<bool>()) {
      throw FormatError({file.path().string() + ": rope_freqs.weight is not usable",
                         fmt::format("{} positive numbers", head_dim / 2), "", ""});
    }
    rope.divisors.assign(divisors.const_data_ptr<float>(),
                         divisors.const_data_ptr<float>() + divisors.numel());
  }
  return rope;
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

/// The ends of a text and of a turn, where they are named.
std::vector<TokenId> read_stop_tokens(const GgufFile& file, std::int64_t vocabulary) {
  const auto eos = gguf_token(file, "tokenizer.ggml.eos_token_id", vocabulary);
  const auto eot = gguf_token(file, "tokenizer.ggml.eot_token_id", vocabulary);
  std::vector<TokenId> tokens;
  if (eos) tokens.push_back(*eos);
  if (eot && eot != eos) tokens.push_back(*eot);
  return tokens;
}

DecoderConfig read_gguf_config(const GgufFile& file) {
  const GgufMetadata& metadata = file.metadata();
  const std::string place = file.path().string();
  const auto architecture = metadata.required<std::string>("general.architecture");
  if (architecture != "llama") {
    throw FormatError({place + ": the architecture is not supported", "llama", architecture, ""});
  }
  const auto whole = [&](const std::string& key) {
    return metadata.required<std::int64_t>("llama." + key);
  };
  DecoderConfig config;
  config.model_type = architecture;
  config.layers = whole("block_count");
  config.width = whole("embedding_length");
  config.heads = whole("attention.head_count");
  config.kv_heads = metadata.optional("llama.attention.head_count_kv", config.heads);
  config.head_dim = metadata.optional("llama.attention.key_length",
                                      config.heads > 0 ? config.width / config.heads : 0);
  config.ffn_width = whole("feed_forward_length");
  config.max_positions = whole("context_length");
  config.norm_epsilon = metadata.required<double>("llama.attention.layer_norm_rms_epsilon");
  config.vocabulary = read_vocabulary(file);
  config.tied_embeddings = !file.has("output.weight");
  config.attention_bias = file.has("blk.0.attn_q.bias");
  config.ffn_bias = file.has("blk.0.ffn_gate.bias");
  config.stored_dtype = file.format("token_embd.weight") == "F16" ? "float16" : "bfloat16";
  config.stop_tokens = read_stop_tokens(file, config.vocabulary);
  check_config(config, place);
  config.rope = read_rope(file, config.head_dim);
  check_config(config, place);
  return config;
}

/// Rows [heads * head_dim, ...] from interleaved order (2i, 2i + 1 form a pair) to half-split order
/// (i, i + head_dim / 2 do).
at::Tensor to_half_split(const at::Tensor& rows, std::int64_t heads) {
  const std::int64_t in = rows.dim() == 2 ? rows.size(1) : 1;
  return rows.view({heads, -1, 2, in}).transpose(1, 2).reshape(rows.sizes());
}

}  // namespace

GgufModel::GgufModel(const std::filesystem::path& file)
    : file_(file), config_(read_gguf_config(file_)) {}

std::unique_ptr<Tokenizer> GgufModel::tokenizer() const {
  std::unique_ptr<Tokenizer> result = make_gguf_tokenizer(file_);
  if (result->size() > config_.vocabulary) {
    throw FormatError(
        {path().string() + ": the tokenizer has more tokens than the embedding has rows",
         fmt::format("at most {}", config_.vocabulary), std::to_string(result->size()), ""});
  }
  return result;
}

bool GgufModel::has(const std::string& name) const {
  const std::string translated = gguf_name(name);
  return !translated.empty() && file_.has(translated);
}

std::vector<std::string> GgufModel::names() const {
  std::vector<std::string> result;
  for (const std::string& name : file_.names()) {
    const std::string translated = hugging_face_name(name);
    if (!translated.empty()) result.push_back(translated);
  }
  return result;
}

std::vector<std::int64_t> GgufModel::shape(const std::string& name) const {
  return file_.shape(gguf_name(name));
}

at::Tensor GgufModel::load(const std::string& name, at::ScalarType dtype) const {
  at::Tensor stored = file_.load(gguf_name(name), dtype);
  if (stored.dim() == 1) stored = stored.clone();
  if (name.find(".q_proj.") != std::string::npos) return to_half_split(stored, config_.heads);
  if (name.find(".k_proj.") != std::string::npos) return to_half_split(stored, config_.kv_heads);
  return stored;
}

}  // namespace austeer
