#include "scorers/fluency.hpp"

#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "scorers/words.hpp"

namespace austeer {
namespace {

/// The words as numbers, equal where the words are.
std::vector<int> numbered(const std::vector<std::string>& words) {
  std::map<std::string, int> numbers;
  std::vector<int> result;
  for (const std::string& word : words) {
    result.push_back(numbers.emplace(word, static_cast<int>(numbers.size())).first->second);
  }
  return result;
}

/// The entropy, in bits, of the distribution of the n-grams of `words`.
double entropy_of_ngrams(std::span<const int> words, std::size_t n) {
  if (words.size() < n) return 0;
  std::map<std::vector<int>, std::int64_t> counts;
  for (std::size_t i = 0; i + n <= words.size(); ++i) {
    const auto ngram = words.subspan(i, n);
    ++counts[{ngram.begin(), ngram.end()}];
  }
  const auto total = static_cast<double>(words.size() - n + 1);
  double entropy = 0;
  for (const auto& [ngram, count] : counts) {
    const double share = static_cast<double>(count) / total;
    entropy -= share * std::log2(share);
  }
  return entropy;
}

}  // namespace

double ngram_entropy(std::string_view text) {
  const std::vector<int> numbers = numbered(words(text));
  return (2.0 / 3.0 * entropy_of_ngrams(numbers, 2) + 4.0 / 3.0 * entropy_of_ngrams(numbers, 3)) /
         2.0;
}

}  // namespace austeer
