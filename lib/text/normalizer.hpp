#pragma once
// What is done to a text before it is cut into words: normal forms, replacements, a prefix, and the
// tables of SentencePiece.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/regex.hpp"
#include "text/unicode.hpp"
#include "text/word_piece.hpp"

namespace austeer {

// SentencePiece's precompiled normalisation: a table of byte sequences and what they become, as the
// normalizer "Precompiled" of a tokenizer.json holds it.

/// The table is a double-array trie, whose values are places in a list of texts that end with NUL.
class Charsmap {
 public:
  /// Reads `base64`. Throws FormatError, opened by `place`, for what is not base64, or not a trie
  /// of 32-bit units with its texts behind it.
  Charsmap(std::string_view base64, const std::string& place);

  /// The normalised text of valid UTF-8 `text`, as the `tokenizers` package does it: grapheme by
  /// grapheme, and where the table has none, character by character. Throws FormatError when the
  /// result would have more than `max_bytes`.
  std::string apply(std::string_view text, std::size_t max_bytes) const;

 private:
  /// What the shortest entry that `text` starts with becomes.
  std::optional<std::string_view> replacement(std::string_view text) const;

  std::vector<std::uint32_t> units_;
  std::string texts_;
  std::string place_;
};

/// Steps that are applied in the order in which they were added.
class Normalizer {
 public:
  /// Unicode normalisation.
  void add_form(NormalForm form);
  /// Every match of `pattern` becomes `content`.
  void add_replacement(Regex pattern, std::string content);
  /// `prefix` is put in front of a text that is not empty.
  void add_prefix(std::string prefix);

  /// What BERT's tokenizers do.
  void add_bert(BertNormalization options);

  /// What a table of SentencePiece says.
  void add_charsmap(Charsmap table);

  /// Whether apply() leaves every text as it is.
  bool empty() const { return steps_.empty(); }

  /// The normalised text of valid UTF-8 `text`. Throws FormatError where replacements make it many
  /// times longer, which no model's do.
  std::string apply(std::string_view text) const;

 private:
  struct Replacement {
    Regex pattern;
    std::string content;
  };
  using Prefix = std::string;

  static std::string apply_step(NormalForm form, const std::string& text, std::size_t max_bytes);
  static std::string apply_step(const Replacement& step, const std::string& text,
                                std::size_t max_bytes);
  static std::string apply_step(const Prefix& prefix, const std::string& text,
                                std::size_t max_bytes);
  static std::string apply_step(const BertNormalization& options, const std::string& text,
                                std::size_t max_bytes);

  static std::string apply_step(const Charsmap& table, const std::string& text,
                                std::size_t max_bytes);

  std::vector<std::variant<NormalForm, Replacement, Prefix, BertNormalization, Charsmap>> steps_;
};

}  // namespace austeer
