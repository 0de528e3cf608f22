#pragma once
// Arithmetic on numbers that a file claims: every product and sum is checked before anything is
// allocated or addressed with it.

#include <cstdint>
#include <optional>
#include <span>

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

}  // namespace austeer
