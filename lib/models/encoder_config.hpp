#pragma once
// What the config.json of a bidirectional encoder says: BERT, RoBERTa, DistilBERT. Sizes, and all
// in which the three differ but the names of their weights.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

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

}  // namespace austeer
