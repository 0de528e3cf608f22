#pragma once
// What a decoder's config.json says, in one struct: sizes, and everything in which the families
// differ, from biases and norms to windows and experts. Both spellings are read: the older one
// (rope_theta, rope_scaling, torch_dtype) and that of `transformers` 5 (rope_parameters, dtype).

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "plans/units.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

/// Rotary position embedding and how its frequencies are scaled.
struct RopeConfig {
  double theta = 10000.0;
  std::string type = "default";  ///< default, linear, llama3, yarn
  double factor = 1.0;
  double attention_factor = 1.0;           ///< cosines and sines are multiplied by it
  double low_freq_factor = 1.0;            ///< llama3
  double high_freq_factor = 4.0;           ///< llama3
  std::int64_t original_positions = 8192;  ///< llama3, yarn
  double beta_fast = 32.0;                 ///< yarn: turns in the original positions above which
  double beta_slow = 1.0;                  ///< frequencies are kept, and below which divided
  bool whole_pairs = true;                 ///< yarn: these bounds are rounded outwards to pairs
  std::vector<double> divisors;  ///< one per pair of dims, or none: frequencies are divided by it
};

/// The function between an FFN's gate and its product with the other half.
enum class Activation {
  silu,
  gelu_tanh,  ///< GELU in its tanh approximation
};

/// A mixture of experts: E small FFNs, of which a router chooses some for each token.
struct ExpertsConfig {
  std::int64_t count = 0;
  std::int64_t per_token = 0;  ///< how many are chosen
  std::int64_t ffn_width = 0;  ///< of each
  bool normalised = false;     ///< the weights of the chosen ones are scaled to sum to 1
};

/// How one layer attends.
struct AttentionConfig {
  double scale = 0.0;       ///< of the products of queries and keys
  double softcap = 0.0;     ///< c: scores s become c·tanh(s / c); 0: they stay
  std::int64_t window = 0;  ///< tokens seen, the asking one included; 0: all before it
};

/// Sizes of a decoder: L layers, D width, H heads, V vocabulary; and how its family computes.
struct DecoderConfig {
  std::string model_type;
  std::int64_t layers = 0;
  std::int64_t width = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;  ///< divides heads
  std::int64_t head_dim = 0;  ///< even
  std::int64_t ffn_width = 0;
  std::int64_t vocabulary = 0;
  std::int64_t max_positions = 0;  ///< that a text may have
  double norm_epsilon = 1e-6;
  bool tied_embeddings = false;
  bool attention_bias = false;  ///< of the projections to queries, keys and values
  bool output_bias = false;     ///< of the projection from heads back to the residual stream
  bool ffn_bias = false;
  Activation activation = Activation::silu;

  bool query_key_norms = false;    ///< an RMS norm over each head's queries and keys
  bool post_norms = false;         ///< a norm after attention and FFN too, before they are added
  bool norm_offset = false;        ///< norms multiply by 1 + weight, in float32
  bool scaled_embeddings = false;  ///< embeddings are multiplied by sqrt(D) in the model's dtype
  double logit_softcap = 0.0;      ///< of the final logits; 0: none
  double query_scale = 0.0;        ///< 0: 1 / sqrt(head_dim)
  double attention_softcap = 0.0;

  RopeConfig rope;
  std::optional<RopeConfig> window_rope;  ///< of layers with a window, where it is another one
  std::vector<std::int64_t> windows;      ///< one per layer (AttentionConfig::window), or none
  std::optional<ExpertsConfig> experts;
  std::vector<std::int64_t> dense_layers;  ///< of a model with experts, those that have none

  std::string stored_dtype = "float32";  ///< dtype of the checkpoint, as the config names it
  bool four_bit = false;                 ///< the layers' matrices are stored in NF4
  std::vector<TokenId> stop_tokens;      ///< eos_token_id, one or several

  std::int64_t attention_width() const { return heads * head_dim; }
  std::int64_t window(std::int64_t layer) const;
  bool has_experts(std::int64_t layer) const;
  AttentionConfig attention(std::int64_t layer) const;
  /// Numbers in the weights of one layer, and in all; a tied unembedding counts once.
  std::int64_t layer_parameters(std::int64_t layer) const;
  std::int64_t parameters() const;
};

/// Reads a parsed config.json of one of the families in families.hpp, or of a larger model whose
/// text part is one (folder_model.hpp). `place` opens error messages. Throws FormatError for an
/// unknown model type, a missing key, sizes that are impossible or do not fit together, and weights
/// that are quantised in a way that is not supported.
DecoderConfig parse_config(const Json& json, const std::string& place);

/// Reads `folder`/config.json, and the stop tokens of generation_config.json where there is one.
DecoderConfig read_config(const std::filesystem::path& folder);

/// Throws FormatError, naming the first size that is impossible; parse_config calls it, and so does
/// whoever fills a DecoderConfig from another format.
void check_config(const DecoderConfig& config, const std::string& place);

// How many units a site has.

/// Width of the activations at `site` of a decoder of `config`. Throws UsageError for `ffn_gate` of
/// a model with experts, each of which has a gate of its own.
std::int64_t site_width(const DecoderConfig& config, Site site);

}  // namespace austeer
