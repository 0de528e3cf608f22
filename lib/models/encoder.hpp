#pragma once
// The forward pass of a bidirectional encoder (BERT and its kin) over packed rows: every linear
// layer sees [tokens, width] with no padding, and attention runs within each text. Texts of the
// same length that stand side by side attend in one product. The model is const.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "models/linear.hpp"
#include "tensors/checkpoint.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

// What the config.json of a bidirectional encoder says: BERT, RoBERTa, DistilBERT. Sizes, and all
// in which the three differ but the names of their weights.

/// The function within an encoder's FFN.
enum class EncoderActivation {
  gelu,       ///< by the error function
  gelu_tanh,  ///< in its tanh approximation
  relu,
  silu,
};

/// Sizes of an encoder: L layers, D width, H heads, V vocabulary.
struct EncoderConfig {
  std::string model_type;  ///< bert, roberta or distilbert
  std::int64_t layers = 0;
  std::int64_t width = 0;
  std::int64_t heads = 0;  ///< divides width
  std::int64_t ffn_width = 0;
  std::int64_t vocabulary = 0;
  std::int64_t positions = 0;    ///< rows of the table of positions
  std::int64_t token_types = 0;  ///< rows of the table of types; 0: there is none
  /// RoBERTa: positions count from padding + 1 and skip padding tokens, which stand at `padding`;
  /// -1 elsewhere: positions count from 0.
  TokenId padding = -1;
  double norm_epsilon = 1e-12;
  EncoderActivation activation = EncoderActivation::gelu;

  /// Tokens of the longest text.
  std::int64_t longest() const { return positions - (padding + 1); }
};

/// Reads a parsed config.json. `place` opens error messages. Throws FormatError for another model
/// type, a missing key, what is not supported (a decoder, relative positions, another activation),
/// and sizes that are impossible or do not fit together.
EncoderConfig parse_encoder_config(const Json& json, const std::string& place);

/// Reads `folder`/config.json.
EncoderConfig read_encoder_config(const std::filesystem::path& folder);

/// Texts of the same length, side by side in packed rows.
struct TextRun {
  std::int64_t first_row = 0;
  std::int64_t texts = 0;
  std::int64_t length = 0;  ///< tokens of each
};

/// Texts one after another: T tokens in all.
struct PackedTexts {
  std::vector<TokenId> tokens;
  std::vector<TextRun> runs;

  /// Appends one text, at least one token.
  void add(std::span<const TokenId> text);
};

/// A layer's norm over D: weight and bias.
struct LayerNorm {
  at::Tensor weight;  // [D]
  at::Tensor bias;    // [D]
};

/// What the names of an encoder's weights open with in `checkpoint`: the model's type and a dot
/// ("bert."), as in models with a head, or nothing.
std::string encoder_prefix(const EncoderConfig& config, const Checkpoint& checkpoint);

class Encoder {
 public:
  /// Reads every weight of `config` out of `checkpoint` and checks its shape. Throws FormatError,
  /// naming the tensor and the file, for what is missing or has another shape.
  Encoder(const EncoderConfig& config, const Checkpoint& checkpoint, at::ScalarType dtype,
          at::Device device = at::kCPU);

  /// Called with 0 and the embeddings, then with i and the output of layer i of 1…L: [T, D] in the
  /// model's dtype, for as long as the call lasts.
  using AtState = std::function<void(std::int64_t state, const at::Tensor& hidden)>;

  /// The output of the `layers`-th layer [T, D] (the embeddings for 0); later layers are not
  /// computed. Throws UsageError when there are not so many layers, for a text that is longer than
  /// config().longest(), and for a token outside the vocabulary; OutOfMemoryError.
  at::Tensor forward(const PackedTexts& texts, std::int64_t layers,
                     const AtState& at_state = {}) const;
  /// All layers.
  at::Tensor forward(const PackedTexts& texts) const { return forward(texts, config_.layers); }

  const EncoderConfig& config() const { return config_; }
  at::ScalarType dtype() const { return dtype_; }
  at::Device device() const { return device_; }

 private:
  struct Layer {
    Linear query_key_value;  // [3D, D]
    Linear output;           // [D, D]
    LayerNorm attention_norm;
    Linear up, down;  // [F, D], [D, F]
    LayerNorm ffn_norm;
  };

  void check(const PackedTexts& texts, std::int64_t layers) const;
  at::Tensor run_layers(const PackedTexts& texts, std::int64_t layers,
                        const AtState& at_state) const;
  at::Tensor embed(const PackedTexts& texts) const;
  at::Tensor attend(const at::Tensor& projected, const std::vector<TextRun>& runs) const;
  at::Tensor norm(const at::Tensor& x, const LayerNorm& norm) const;

  EncoderConfig config_;
  at::ScalarType dtype_;
  at::Device device_;
  at::Tensor word_embedding_;      // [V, D]
  at::Tensor position_embedding_;  // [positions, D], what all tokens share added
  LayerNorm embedding_norm_;
  std::vector<Layer> layers_;
};

// From texts to an encoder's packed rows: tokenised in parallel, cut to the longest that the model
// takes, and put into batches of texts of about the same length.

/// Texts that run together; `texts[i]` is the place in the caller's list of the i-th packed one.
struct EncoderBatch {
  PackedTexts packed;
  std::vector<std::int64_t> texts;

  /// `texts` as a tensor, int64 [N].
  at::Tensor rows() const;
};

class EncoderTexts {
 public:
  /// Texts for a model of `config`, cut to `longest` tokens where the model takes more than those.
  /// Throws FormatError when that leaves no room beside the tokenizer's special tokens, and when
  /// the tokenizer has tokens that the model does not have.
  EncoderTexts(std::unique_ptr<Tokenizer> tokenizer, const EncoderConfig& config,
               std::optional<std::int64_t> longest = std::nullopt);

  /// The tokens of a text with the default special ones. What is too long loses the end of its
  /// text, never special tokens.
  std::vector<TokenId> encode(std::string_view text) const;

  /// All texts in batches of at most `batch_tokens` tokens (or one text), longest first. More
  /// tokens do not make the products faster, but no longer fit into caches.
  std::vector<EncoderBatch> batches(std::span<const std::string> texts,
                                    std::int64_t batch_tokens = 4096) const;

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  std::int64_t longest() const { return longest_; }

 private:
  std::unique_ptr<Tokenizer> tokenizer_;
  std::int64_t longest_;
  std::vector<TokenId> prefix_;  ///< special tokens before the text
  std::vector<TokenId> suffix_;  ///< and after it
};

}  // namespace austeer
