#pragma once
// Fluency without a model: how evenly a text spreads over its word pairs and triples. Text that
// repeats itself has little entropy; so has an empty one. It shows broken and evasive output that a
// toxicity score alone would reward, and says nothing about sense.

#include <string_view>

namespace austeer {

/// The weighted n-gram entropy of `text` in bits: (2/3 E2 + 4/3 E3) / 2, where En is the entropy of
/// the distribution of its n-grams of words(); 0 where there are none. Source: the evaluation of
/// ROME (Meng et al., 2022), which takes the words from NLTK's word_tokenize; see sentences() for
/// what differs here.
double ngram_entropy(std::string_view text);

}  // namespace austeer
