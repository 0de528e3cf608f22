#pragma once
// What cuts a text into the words that byte-pair encoding or WordPiece sees: a list of rules, each
// cutting the pieces of the one before.

#include <deque>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/regex.hpp"
#include "text/unicode.hpp"

namespace austeer {

/// What becomes of the matches of a rule's pattern.
enum class SplitBehaviour {
  removed,               ///< dropped
  isolated,              ///< a piece each
  merged_with_previous,  ///< the end of the piece before
  merged_with_next,      ///< the start of the piece after
  contiguous             ///< neighbouring matches are one piece
};

/// Which pieces get a rule's prefix, unless they have it.
enum class PrefixPlace { none, first, each };

/// The pattern of which every mark of punctuation, ASCII symbols among them, is a match.
struct PunctuationMarks {};

struct SplitRule {
  std::variant<Regex, PunctuationMarks> pattern;
  SplitBehaviour behaviour = SplitBehaviour::isolated;
  bool invert = false;  ///< what lies between the matches is taken for the matches
  // Done to a piece before it is cut:
  std::string space_mark = {};                   ///< what a space becomes; empty: it stays
  std::string prefix = {};                       ///< put in front of a piece
  PrefixPlace prefix_place = PrefixPlace::none;  ///< first: only the one that starts the text
};

/// The rule of BERT's tokenizers, append_bert_words.
struct BertWords {};

/// Pieces are written in the byte-level alphabet, which is what the rules after this one see.
struct ByteLetters {};

/// And back to bytes, which may be parts of a character.
struct BytesOfLetters {};

using WordRule = std::variant<SplitRule, BertWords, ByteLetters, BytesOfLetters>;

/// A pattern that takes a text as one match: a rule with it only does what is done before.
std::string_view whole_text_pattern();

/// The regular expression that GPT-2 introduced and byte-level pre-tokenizers use.
std::string_view gpt2_pattern();

class PreTokenizer {
 public:
  explicit PreTokenizer(std::vector<WordRule> rules) : rules_(std::move(rules)) {}

  /// The words of valid UTF-8 `text`, none empty; `at_start` says that nothing stands before it.
  /// They point into `text`, or into `storage` where a rule has changed it.
  std::vector<std::string_view> split(std::string_view text, bool at_start,
                                      std::deque<std::string>& storage) const;

 private:
  std::vector<WordRule> rules_;
};

// The pre-tokenizers that GGUF files call by name (`tokenizer.ggml.pre`), as llama.cpp knows them.

/// What a name stands for.
struct NamedPreTokenizer {
  std::vector<std::string> patterns;     ///< each isolates its matches, one after the other
  std::vector<NormalForm> normal_forms;  ///< of the text, before
  bool ignore_merges = false;            ///< see BpeRules
  bool add_bos = false;                  ///< BOS goes first where the file does not say
};

/// The pre-tokenizer of a name. Throws FormatError, opened by `place`, for an unknown one.
const NamedPreTokenizer& named_pre_tokenizer(const std::string& name, const std::string& place);

/// Whether tokenizers with this pre-tokenizer put BOS first where the file does not say; not those
/// of an unknown name.
bool adds_bos(const std::string& name);

/// All names, in alphabetical order.
std::vector<std::string> pre_tokenizer_names();

}  // namespace austeer
