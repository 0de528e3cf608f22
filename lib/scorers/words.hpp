#pragma once
// Words as NLTK's NLTKWordTokenizer (the Penn Treebank's rules with later additions) splits them:
// punctuation, quotes and clitics are words of their own. It is what word_tokenize applies to each
// sentence.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "learning/sparse_rows.hpp"

namespace austeer {

// Where sentences end, by a rule of one paragraph. NLTK's word_tokenize asks Punkt, a model that
// has to be downloaded and was trained on newspapers; the rule below needs nothing and is the same
// everywhere. It matters to words() only in that a full stop is a word of its own at the end of a
// sentence and part of its word elsewhere.

/// The sentences of valid UTF-8 `text`, without the white space between them. A sentence ends after
/// a run of '.', '?', '!' and the quotes and brackets that close behind it, where white space and
/// then anything but a lower-case letter follow. It does not end at a full stop behind initials
/// (single letters with full stops between them: "J.", "U.S.", "e.g.") or a title or abbreviation:
/// Mr, Mrs, Ms, Dr, Prof, St, Jr, Sr, Gen, Gov, Sen, Rep, Rev, Capt, Col, Lt, vs, cf.
std::vector<std::string_view> sentences(std::string_view text);

/// The words of one sentence. Bytes that are not UTF-8 count as U+FFFD.
std::vector<std::string> treebank_words(std::string_view sentence);

/// The words of each sentence of `text` (see sentences()), one sentence after the other.
std::vector<std::string> words(std::string_view text);

// Texts as hashed character n-grams: what spelling alone tells about a text, disguised words
// (sh*t, id!ot) included. No vocabulary is kept, so that a head holds numbers and no words.

constexpr std::int64_t ngram_buckets = 1 << 16;

/// The words of `text`, as the n-grams see them: runs of ASCII letters (in lower case), digits,
/// bytes that are not ASCII, and the marks that stand in for letters ('!*@#$%&+-_); of these,
/// '!-_%&+ are taken off both ends. Curly apostrophes count as ', the other general punctuation of
/// U+2010 to U+2027 ends a word. A word is cut after 28 bytes.
std::vector<std::string> ngram_words(std::string_view text);

/// For every n-gram of 3 to 5 bytes of every word, set between < and >, the square root of how
/// often its bucket occurs, the whole scaled to length 1; in the order of the buckets. A bucket is
/// the 64-bit FNV-1a hash, its halves xored, modulo ngram_buckets. Empty for a text without words.
std::vector<SparseElement> ngram_features(std::string_view text);

// Fluency without a model: how evenly a text spreads over its word pairs and triples. Text that
// repeats itself has little entropy; so has an empty one. It shows broken and evasive output that a
// toxicity score alone would reward, and says nothing about sense.

/// The weighted n-gram entropy of `text` in bits: (2/3 E2 + 4/3 E3) / 2, where En is the entropy of
/// the distribution of its n-grams of words(); 0 where there are none. Source: the evaluation of
/// ROME (Meng et al., 2022), which takes the words from NLTK's word_tokenize; see sentences() for
/// what differs here.
double ngram_entropy(std::string_view text);

}  // namespace austeer
