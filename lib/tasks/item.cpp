// Fingerprints of items and pairs.
#include "tasks/item.hpp"

#include <string_view>

#include "base/hash.hpp"

namespace austeer {
namespace {

constexpr std::string_view end_of_text("\0", 1);

}  // namespace

std::string pairs_fingerprint(std::span<const Pair> pairs) {
  Sha256 hash;
  for (const Pair& pair : pairs) {
    hash.update(pair.positive).update(end_of_text).update(pair.negative).update(end_of_text);
  }
  return hash.hex();
}

std::string answers_fingerprint(std::span<const Pair> pairs) {
  Sha256 hash;
  for (const Pair& pair : pairs) {
    for (const std::size_t begin : {pair.positive_answer, pair.negative_answer}) {
      hash.update(std::to_string(begin)).update(end_of_text);
    }
  }
  return hash.hex();
}

std::string prompts_fingerprint(std::span<const Item> items) {
  Sha256 hash;
  for (const Item& item : items) {
    hash.update(item.prompt).update(end_of_text).update(item.gold).update(end_of_text);
    for (const std::string& gold : item.other_golds) hash.update(gold).update(end_of_text);
  }
  return hash.hex();
}

}  // namespace austeer
