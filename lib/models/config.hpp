#pragma once
// What a decoder's config.json says, in one struct: sizes, RoPE, biases, special tokens. Both
// spellings are read: the older one (rope_theta, rope_scaling, torch_dtype) and that of
// `transformers` 5 (rope_parameters, dtype).

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

/// Rotary position embedding and how its frequencies are scaled.
struct RopeConfig {
  double theta = 10000.0;
  std::string type = "default";  ///< default, linear, llama3
  double factor = 1.0;
  double low_freq_factor = 1.0;            ///< llama3
  double high_freq_factor = 4.0;           ///< llama3
  std::int64_t original_positions = 8192;  ///< llama3
  std::vector<double> divisors;  ///< one per pair of dims, or none: frequencies are divided by it
};

/// Sizes of a decoder: L layers, D width, H heads, V vocabulary.
struct DecoderConfig {
  std::string model_type;
  std::int64_t layers = 0;
  std::int64_t width = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;  ///< divides heads
  std::int64_t head_dim = 0;  ///< even
  std::int64_t ffn_width = 0;
  std::int64_t vocabulary = 0;
  std::int64_t max_positions = 0;
  double norm_epsilon = 1e-6;
  bool tied_embeddings = false;
  bool attention_bias = false;
  bool ffn_bias = false;
  RopeConfig rope;
  std::string stored_dtype = "float32";  ///< dtype of the checkpoint, as the config names it
  std::vector<TokenId> stop_tokens;      ///< eos_token_id, one or several

  std::int64_t attention_width() const { return heads * head_dim; }
};

/// Reads a parsed config.json. `place` opens error messages. Throws FormatError for an unknown
/// model type, a missing key, sizes that are impossible or do not fit together.
DecoderConfig parse_config(const Json& json, const std::string& place);

/// Reads `folder`/config.json, and the stop tokens of generation_config.json where there is one.
DecoderConfig read_config(const std::filesystem::path& folder);

/// Throws FormatError, naming the first size that is impossible; parse_config calls it, and so does
/// whoever fills a DecoderConfig from another format.
void check_config(const DecoderConfig& config, const std::string& place);

}  // namespace austeer
