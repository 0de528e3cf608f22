#pragma once
// Words as NLTK's NLTKWordTokenizer (the Penn Treebank's rules with later additions) splits them:
// punctuation, quotes and clitics are words of their own. It is what word_tokenize applies to each
// sentence.

#include <string>
#include <string_view>
#include <vector>

namespace austeer {

/// The words of one sentence. Bytes that are not UTF-8 count as U+FFFD.
std::vector<std::string> treebank_words(std::string_view sentence);

/// The words of each sentence of `text` (see sentences()), one sentence after the other.
std::vector<std::string> words(std::string_view text);

}  // namespace austeer
