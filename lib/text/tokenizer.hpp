#pragma once
// Text to token ids and back. One interface; the kinds are SentencePiece (tokenizer.model) and BPE
// (tokenizer.json), each also from the vocabulary inside a GGUF file, and WordPiece
// (tokenizer.json).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace austeer {

using TokenId = std::int32_t;

/// A tokenizer is immutable once loaded; all members may be called from several threads.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// The ids of `text`. With `add_special_tokens`, the model's default ones are added as its own
  /// tokenizer does (Llama: BOS; SmolLM2, Qwen: none). Special tokens written out in `text`
  /// ("<|im_start|>") become their single id.
  virtual std::vector<TokenId> encode(std::string_view text,
                                      bool add_special_tokens = true) const = 0;

  /// The text of `ids`, special tokens left out; bytes that are not UTF-8 become U+FFFD.
  virtual std::string decode(std::span<const TokenId> ids) const = 0;

  /// Number of ids: every id is in [0, size()).
  virtual std::int64_t size() const = 0;

  /// The id of a token by its exact piece ("<|im_end|>"), if there is one.
  virtual std::optional<TokenId> find(std::string_view piece) const = 0;

  /// SHA-256 of what the tokenizer was made from; equal tokenizers have equal fingerprints.
  virtual std::string fingerprint() const = 0;
};

/// Loads the tokenizer of a Hugging Face folder: `tokenizer.json` if there, else `tokenizer.model`,
/// else `vocab.txt` (BERT), else `vocab.json` and `merges.txt` (RoBERTa). The first wins, also
/// where it was converted from one of the others, because it knows more: tokens that were added
/// later, and which tokens of a chat format are special (Gemma's <end_of_turn>). Default special
/// tokens are those of tokenizer.json's post-processor; where there is none, and for a
/// tokenizer.model, tokenizer_config.json decides, and where that is silent, a tokenizer.model adds
/// BOS and a tokenizer.json nothing; the older vocabularies add their family's. Throws FileError
/// when there is none, FormatError when a file is malformed or asks for what is not supported.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);

}  // namespace austeer
