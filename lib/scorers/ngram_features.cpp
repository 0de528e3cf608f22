#include "scorers/ngram_features.hpp"

#include <algorithm>
#include <cmath>

#include "base/ascii.hpp"

namespace austeer {
namespace {

constexpr std::size_t shortest_ngram = 3;
constexpr std::size_t longest_ngram = 5;
constexpr std::size_t longest_word = 28;
constexpr std::string_view inner_marks = "'!*@#$%&+-_";
constexpr std::string_view edge_marks = "'!-_%&+";

bool belongs_to_word(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
         static_cast<unsigned char>(byte) >= 0x80 ||
         inner_marks.find(byte) != std::string_view::npos;
}

/// The last byte of U+2010 to U+2027 where one starts at `position`, else 0.
unsigned char general_punctuation(std::string_view text, std::size_t position) {
  if (position + 2 >= text.size() || text.substr(position, 2) != "\xe2\x80") return 0;
  const auto last = static_cast<unsigned char>(text[position + 2]);
  return last >= 0x90 && last <= 0xa7 ? last : 0;
}

void end_word(std::string& word, std::vector<std::string>& words) {
  const std::size_t first = word.find_first_not_of(edge_marks);
  if (first != std::string::npos) {
    const std::size_t last = word.find_last_not_of(edge_marks);
    words.push_back(word.substr(first, std::min(last + 1 - first, longest_word)));
  }
  word.clear();
}

std::uint32_t bucket_of(std::string_view ngram) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : ngram) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return static_cast<std::uint32_t>((hash ^ (hash >> 32)) % ngram_buckets);
}

}  // namespace

std::vector<std::string> ngram_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = lower_ascii(text[i]);
    if (const unsigned char last = general_punctuation(text, i)) {
      const bool apostrophe = last == 0x98 || last == 0x99;
      if (apostrophe) {
        word += '\'';
      } else {
        end_word(word, words);
      }
      i += 2;
    } else if (belongs_to_word(byte)) {
      word += byte;
    } else {
      end_word(word, words);
    }
  }
  end_word(word, words);
  return words;
}

std::vector<SparseElement> ngram_features(std::string_view text) {
  std::vector<std::uint32_t> buckets;
  for (const std::string& word : ngram_words(text)) {
    const std::string framed = '<' + word + '>';
    for (std::size_t length = shortest_ngram; length <= longest_ngram; ++length) {
      for (std::size_t first = 0; first + length <= framed.size(); ++first) {
        buckets.push_back(bucket_of(std::string_view(framed).substr(first, length)));
      }
    }
  }
  std::sort(buckets.begin(), buckets.end());
  const double scale = 1 / std::sqrt(static_cast<double>(buckets.size()));
  std::vector<SparseElement> features;
  for (std::size_t i = 0, next = 0; i < buckets.size(); i = next) {
    while (next < buckets.size() && buckets[next] == buckets[i]) ++next;
    const double count = static_cast<double>(next - i);
    features.push_back({buckets[i], static_cast<float>(std::sqrt(count) * scale)});
  }
  return features;
}

}  // namespace austeer
