// Fingerprints of items.
#include "tasks/item.hpp"

#include <string_view>

#include "base/hash.hpp"

namespace austeer {
namespace {

constexpr std::string_view end_of_text("\0", 1);

std::string fingerprint(std::span<const Item> items, std::string Item::*first,
                        std::string Item::*second) {
  Sha256 hash;
  for (const Item& item : items) {
    hash.update(item.*first).update(end_of_text).update(item.*second).update(end_of_text);
  }
  return hash.hex();
}

}  // namespace

std::string pairs_fingerprint(std::span<const Item> items) {
  return fingerprint(items, &Item::positive, &Item::negative);
}

std::string prompts_fingerprint(std::span<const Item> items) {
  return fingerprint(items, &Item::prompt, &Item::gold);
}

}  // namespace austeer
