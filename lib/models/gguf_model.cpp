#include "models/gguf_model.hpp"

#include <fmt/format.h>
#include <optional>

#include "models/gguf_names.hpp"
#include "text/bpe_vocabulary.hpp"

namespace austeer {
namespace {

RopeConfig read_rope(const GgufFile& file, std::int64_t head_dim) {
  const GgufMetadata& metadata = file.metadata();
  RopeConfig rope;
  rope.theta = metadata.optional("llama.rope.freq_base", rope.theta);
  const auto type = metadata.optional<std::string>("llama.rope.scaling.type", "none");
  if (type != "none") {
    rope.type = type;
    rope.factor = metadata.required<double>("llama.rope.scaling.factor");
  }
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
  config.vocabulary = file.shape("token_embd.weight").front();
  config.tied_embeddings = !file.has("output.weight");
  config.attention_bias = file.has("blk.0.attn_q.bias");
  config.ffn_bias = file.has("blk.0.ffn_gate.bias");
  config.stored_dtype = file.format("token_embd.weight") == "F16" ? "float16" : "bfloat16";
  if (metadata.has("tokenizer.ggml.eos_token_id")) {
    config.stop_tokens = {
        static_cast<TokenId>(metadata.required<std::int64_t>("tokenizer.ggml.eos_token_id"))};
  }
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

std::optional<TokenId> token_of(const GgufMetadata& metadata, const std::string& key) {
  if (!metadata.has(key)) return std::nullopt;
  return static_cast<TokenId>(metadata.required<std::int64_t>(key));
}

}  // namespace

GgufModel::GgufModel(const std::filesystem::path& file)
    : file_(file), config_(read_gguf_config(file_)) {}

std::unique_ptr<Tokenizer> GgufModel::tokenizer() const {
  const GgufMetadata& metadata = file_.metadata();
  const auto kind = metadata.required<std::string>("tokenizer.ggml.model");
  if (kind != "gpt2") {
    throw FormatError({path().string() + ": the kind of tokenizer is not supported", "gpt2", kind,
                       "Use the model's Hugging Face folder instead"});
  }
  BpeVocabulary vocabulary;
  vocabulary.tokens = metadata.required<std::vector<std::string>>("tokenizer.ggml.tokens");
  for (const std::int64_t type :
       metadata.optional<std::vector<std::int64_t>>("tokenizer.ggml.token_type", {})) {
    vocabulary.types.push_back(static_cast<std::int32_t>(type));
  }
  for (const std::string_view merge :
       metadata.required<std::vector<std::string_view>>("tokenizer.ggml.merges")) {
    vocabulary.merges.push_back(split_merge(merge, path().string()));
  }
  vocabulary.pre_tokenizer = metadata.optional<std::string>("tokenizer.ggml.pre", "gpt-2");
  vocabulary.bos = token_of(metadata, "tokenizer.ggml.bos_token_id");
  vocabulary.eos = token_of(metadata, "tokenizer.ggml.eos_token_id");
  vocabulary.add_bos = metadata.optional("tokenizer.ggml.add_bos_token", false);
  vocabulary.add_eos = metadata.optional("tokenizer.ggml.add_eos_token", false);
  vocabulary.place = path().string();
  return make_tokenizer(vocabulary);
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
  const at::Tensor stored = file_.load(gguf_name(name), dtype);
  if (name.find(".q_proj.") != std::string::npos) return to_half_split(stored, config_.heads);
  if (name.find(".k_proj.") != std::string::npos) return to_half_split(stored, config_.kv_heads);
  return stored;
}

}  // namespace austeer
