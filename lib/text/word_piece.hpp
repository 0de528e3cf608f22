#pragma once
// WordPiece, as BERT and its kin use it: a word is cut from left to right into the longest pieces
// that the vocabulary has; pieces that continue a word are written with a mark in front ("##ing").

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/byte_pieces.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

// How BERT's tokenizers clean a text and cut it into words, as the `tokenizers` package does it:
// its classes of characters are those of Unicode 8, whatever the text was written with.

/// The options of a BertNormalizer, applied in this order.
struct BertNormalization {
  bool clean_text = true;     ///< control characters are dropped, white space becomes a space
  bool space_chinese = true;  ///< a space on either side of each CJK ideograph
  bool strip_accents = true;  ///< characters are decomposed, and marks that take no space dropped
  bool lowercase = true;      ///< each character by itself
};

/// Whether a character is a mark of punctuation by itself: of any kind, or an ASCII symbol.
bool is_bert_punctuation(char32_t c);

/// The normalised text of valid UTF-8 `text`.
std::string bert_normalise(std::string_view text, const BertNormalization& options);

/// Appends the words of valid UTF-8 `text` to `words`: what white space separates, and each
/// punctuation mark alone. They point into `text`.
void append_bert_words(std::string_view text, std::vector<std::string_view>& words);

// The older form of a BERT tokenizer: vocab.txt, a piece a line, and tokenizer_config.json beside
// it for what a vocabulary does not say. Many text classifiers are published so.

/// The WordPiece tokenizer of `folder`/vocab.txt, with the options of tokenizer_config.json where
/// there is one (do_lower_case, strip_accents, tokenize_chinese_chars, the special tokens) and
/// BERT's own where it is silent. Throws FileError, and FormatError for lines that are no pieces,
/// or special tokens that are none of them.
std::unique_ptr<Tokenizer> load_bert_vocabulary(const std::filesystem::path& folder);

/// What a model is made of.
struct WordPieceRules {
  std::unordered_map<std::string, TokenId> vocabulary;
  std::string unknown = "[UNK]";           ///< the piece of a word that cannot be cut up
  std::string continuing_prefix = "##";    ///< in front of pieces that do not start a word
  std::int64_t max_word_characters = 100;  ///< longer words are unknown
};

class WordPieceModel {
 public:
  /// Throws FormatError, opened by `place`, when the unknown token is not in the vocabulary, the
  /// limit is not positive, or the pieces have more than 64 MiB together.
  WordPieceModel(const WordPieceRules& rules, const std::string& place);

  /// Appends the ids of `word`, valid UTF-8. Time is at most that of the word's length times the
  /// longest piece's.
  void encode_word(std::string_view word, std::vector<TokenId>& ids) const;

 private:
  ByteTrie starting_;
  ByteTrie continuing_;  // without the mark in front
  TokenId unknown_ = -1;
  std::int64_t max_word_characters_;
};

}  // namespace austeer
