#pragma once
// Texts as hashed character n-grams: what spelling alone tells about a text, disguised words
// (sh*t, id!ot) included. No vocabulary is kept, so that a head holds numbers and no words.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "learning/sparse_rows.hpp"

namespace austeer {

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

}  // namespace austeer
