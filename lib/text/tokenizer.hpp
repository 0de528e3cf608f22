#pragma once
// Text to token ids and back. One interface; the kinds are SentencePiece (tokenizer.model) and BPE
// (tokenizer.json), each also from the vocabulary inside a GGUF file, and WordPiece and Unigram
// (tokenizer.json).

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

// The kinds of tokens that a vocabulary tells apart.

/// Numbered as GGUF (`tokenizer.ggml.token_type`) and SentencePiece number them.
enum class TokenType : std::int32_t {
  normal = 1,
  unknown = 2,       ///< stands for what has no token
  control = 3,       ///< special: found in text, left out when decoding
  user_defined = 4,  ///< found in text, kept when decoding
  unused = 5,
  byte = 6  ///< one byte of a character that has no token; only SentencePiece has these
};

using TokenId = std::int32_t;

/// A tokenizer is immutable once loaded; all members may be called from several threads.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// The ids of `text`. With `add_special_tokens`, the model's default ones are added as its own
  /// tokenizer does (Llama: BOS; SmolLM2, Qwen: none). Special tokens written out in `text`
  /// ("<|im_start|>") become their single id. A text that opens with the BOS that would be put in
  /// front keeps its own alone, and the first such text is warned of; `transformers` doubles it.
  std::vector<TokenId> encode(std::string_view text, bool add_special_tokens = true) const;

  /// Whether encode() puts default special tokens around `text`.
  bool adds_tokens_to(std::string_view text) const;

  /// The text of `ids`, special tokens left out; bytes that are not UTF-8 become U+FFFD, and ids
  /// that no token has, whatever they are, become nothing.
  virtual std::string decode(std::span<const TokenId> ids) const = 0;

  /// One more than the largest id of a token. Ids below may be no token's.
  virtual std::int64_t size() const = 0;

  /// The id of a token by its exact piece ("<|im_end|>"), if there is one.
  virtual std::optional<TokenId> find(std::string_view piece) const = 0;

  /// SHA-256 of what the tokenizer was made from; equal tokenizers have equal fingerprints.
  virtual std::string fingerprint() const = 0;

  /// The token that the files beside the tokenizer name as `eos_token`, if they name one.
  std::optional<TokenId> end_token() const { return end_; }

 protected:
  /// What encode() puts before and after a text by default.
  void set_default_tokens(std::vector<TokenId> prefix, std::vector<TokenId> suffix);
  void set_end_token(std::optional<TokenId> token) { end_ = token; }

 private:
  /// The ids of `text` alone.
  virtual std::vector<TokenId> encode_text(std::string_view text) const = 0;
  bool opens_with_prefix(const std::vector<TokenId>& ids) const;

  std::vector<TokenId> prefix_;
  std::vector<TokenId> suffix_;
  std::optional<TokenId> end_;
  mutable std::atomic_flag told_of_bos_;
};

/// Loads the tokenizer of a Hugging Face folder: `tokenizer.json` if there, else `tokenizer.model`,
/// else `vocab.txt` (BERT), else `vocab.json` and `merges.txt` (RoBERTa). The first wins, also
/// where it was converted from one of the others, because it knows more. To the first two, the
/// files beside them (TokenizerConfig) add tokens and which of them are special; where they
/// contradict, a warning says which counts. Default special tokens are those of tokenizer.json's
/// post-processor; where there is none, the tokenizer's class decides as in `transformers` 5, whose
/// decoders add none but Code Llama's. To a tokenizer.model, tokenizer_config.json says them, and
/// where that is silent BOS is added; the older vocabularies add their family's. Throws FileError
/// when there is none, FormatError when a file is malformed or asks for what is not supported.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);

}  // namespace austeer
