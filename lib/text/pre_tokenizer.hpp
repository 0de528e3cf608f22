#pragma once
// What cuts a text into the words that byte-pair encoding sees: a list of rules, each cutting the
// pieces of the one before.

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "text/regex.hpp"

namespace austeer {

/// What becomes of the matches of a rule's pattern.
enum class SplitBehaviour {
  removed,               ///< dropped
  isolated,              ///< a piece each
  merged_with_previous,  ///< the end of the piece before
  merged_with_next,      ///< the start of the piece after
  contiguous             ///< neighbouring matches are one piece
};

struct SplitRule {
  Regex pattern;
  SplitBehaviour behaviour = SplitBehaviour::isolated;
  bool invert = false;        ///< what lies between the matches is taken for the matches
  bool prefix_space = false;  ///< a piece gets a space in front first, unless it has one
};

/// The regular expression that GPT-2 introduced and byte-level pre-tokenizers use.
std::string_view gpt2_pattern();

class PreTokenizer {
 public:
  explicit PreTokenizer(std::vector<SplitRule> rules) : rules_(std::move(rules)) {}

  /// The words of valid UTF-8 `text`, none empty. They point into `text`, or into `storage` where a
  /// space was put in front.
  std::vector<std::string_view> split(std::string_view text,
                                      std::deque<std::string>& storage) const;

 private:
  std::vector<SplitRule> rules_;
};

}  // namespace austeer
