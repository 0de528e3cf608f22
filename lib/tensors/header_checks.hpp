#pragma once
// Arithmetic on numbers that a file claims: every product and sum is checked before anything is
// allocated or addressed with it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace austeer {

/// The product, or nothing when it does not fit.
inline std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

/// The sum, or nothing when it does not fit.
inline std::optional<std::uint64_t> checked_sum(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

/// The number of elements of `shape`, or nothing when a dimension is negative, or when elements or
/// strides (empty dimensions counted as one) do not fit a signed 64-bit number.
inline std::optional<std::uint64_t> checked_elements(std::span<const std::int64_t> shape) {
  std::int64_t strides = 1;
  bool empty = false;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (dimension == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(strides, dimension, &strides)) {
      return std::nullopt;
    }
  }
  return empty ? 0 : static_cast<std::uint64_t>(strides);
}

// JSON keeps the last of two equal keys without a word; in a file that names tensors that would
// hide one of them.

/// An object finds a key without going through all others, as a Json, which keeps their order,
/// does; so a file cannot make the reading of its names quadratic.
using SortedJson = nlohmann::json;

/// Parses `text`. Throws FormatError, opened by `place`, when it is malformed, is not an object, or
/// holds an object that has a key twice, more than 100,000 keys, or is nested deeper than 8 levels.
SortedJson parse_unique_keys(std::string_view text, const std::string& place);

/// Throws FormatError, opened by `place`, unless `value` is an object.
void require_object(const SortedJson& value, const std::string& place);

/// The text that stands at `key`. Throws FormatError, opened by `place`, when it is none.
std::string text_at(const std::string& key, const SortedJson& value, const std::string& place);

}  // namespace austeer
