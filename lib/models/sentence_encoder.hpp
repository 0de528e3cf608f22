#pragma once
// One vector for a text: an encoder's hidden states, pooled over the text's tokens. For
// all-MiniLM-L6-v2 and models like it (mean pooling, unit length), and for scorers that want the
// states of several layers.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/encoder.hpp"

namespace austeer {

class SentenceEncoder {
 public:
  /// Loads config.json, tokenizer.json and the safetensors weights of a Hugging Face folder, and
  /// sentence_bert_config.json where there is one. `dtype` float32 or bfloat16; nothing: bfloat16
  /// where the CPU multiplies it natively, else float32. Throws FileError, FormatError.
  explicit SentenceEncoder(const std::filesystem::path& folder,
                           std::optional<at::ScalarType> dtype = at::kFloat);

  /// Unit-length means over each text's tokens, float32 [N, width]. Texts of more than
  /// `max_seq_length` tokens (sentence_bert_config.json, else what the model takes) lose their end,
  /// but keep the special token after it.
  at::Tensor embed(std::span<const std::string> texts) const;

  /// For each text the mean and the maximum over its tokens, special ones included, of the hidden
  /// states 0 (the embeddings) to `layers`: float32 [N, (layers + 1) * 2 * width], in the order
  /// mean of state 0, maximum of state 0, mean of state 1, ... Throws UsageError when there are not
  /// so many layers.
  at::Tensor pooled_states(std::span<const std::string> texts, std::int64_t layers) const;

  std::int64_t width() const { return encoder_.config().width; }
  std::int64_t layers() const { return encoder_.config().layers; }
  /// SHA-256 that stands for weights, configuration and tokenizer.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  SentenceEncoder(const std::filesystem::path& folder, const Checkpoint& checkpoint,
                  std::optional<at::ScalarType> dtype);

  Encoder encoder_;
  EncoderTexts texts_;
  std::string fingerprint_;
};

/// For each row the index of the most similar other row among the first `pool` (nothing: all): the
/// one of largest cosine, and of equal ones the first. `embeddings` [N, width], float32, rows of
/// unit length. At most `block_elements` cosines (one row's, if that is more) are held at a time.
/// Throws UsageError for a pool of fewer than two rows, or of more than there are.
std::vector<std::size_t> nearest_others(const at::Tensor& embeddings,
                                        std::optional<std::int64_t> pool = {},
                                        std::int64_t block_elements = std::int64_t{1} << 24);

}  // namespace austeer
