// Fingerprints of items and pairs.
#include "tasks/item.hpp"

#include <string_view>

#include "base/hash.hpp"

namespace austeer {
namespace {

constexpr std::string_view end_of_text("\0", 1);

template <typename T>
std::string fingerprint(std::span<const T> list, std::string T::*first, std::string T::*second) {
  Sha256 hash;
  for (const T& one : list) {
    hash.update(one.*first).update(end_of_text).update(one.*second).update(end_of_text);
  }
  return hash.hex();
}

}  // namespace

std::string pairs_fingerprint(std::span<const Pair> pairs) {
  return fingerprint(pairs, &Pair::positive, &Pair::negative);
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
  return fingerprint(items, &Item::prompt, &Item::gold);
}

}  // namespace austeer
