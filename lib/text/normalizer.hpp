#pragma once
// What is done to a text before it is cut into words: normal forms, replacements, a prefix, and the
// tables of SentencePiece.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/bert_text.hpp"
#include "text/charsmap.hpp"
#include "text/regex.hpp"
#include "text/unicode.hpp"

namespace austeer {

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
