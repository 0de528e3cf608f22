#pragma once
// How BERT's tokenizers clean a text and cut it into words, as the `tokenizers` package does it:
// its classes of characters are those of Unicode 8, whatever the text was written with.

#include <string>
#include <string_view>
#include <vector>

namespace austeer {

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

}  // namespace austeer
