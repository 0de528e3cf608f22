#pragma once
// From texts to an encoder's packed rows: tokenised in parallel, cut to the longest that the model
// takes, and put into batches of texts of about the same length.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/encoder.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

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
