#pragma once
// The key-value part of a GGUF file: model sizes, tokenizer, chat template. Values stay where they
// lie in the mapping and are decoded when they are asked for.

#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace austeer {

// Reads a GGUF header from front to back; every step is checked against the end of the file.

class GgufCursor {
 public:
  /// `place` names the file in messages.
  GgufCursor(std::string_view bytes, std::string place) : bytes_(bytes), place_(std::move(place)) {}

  std::uint64_t offset() const { return offset_; }
  std::uint64_t left() const { return bytes_.size() - offset_; }
  /// The bytes from `begin` up to here.
  std::string_view since(std::uint64_t begin) const {
    return bytes_.substr(begin, offset_ - begin);
  }

  /// The next little-endian number; `what` says what it is, for the message of a truncated file.
  template <typename T>
  T number(std::string_view what) {
    T value{};
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }

  /// The next 64-bit length and as many bytes.
  std::string_view text(std::string_view what) {
    const auto length = number<std::uint64_t>(what);
    return take(length, what);
  }

  /// The next `size` bytes.
  std::string_view take(std::uint64_t size, std::string_view what) {
    if (size > left()) {
      refuse(fmt::format("the {} reaches past the end of the file", what),
             fmt::format("at most {} bytes", left()), fmt::format("{} bytes", size));
    }
    const std::string_view taken = bytes_.substr(offset_, size);
    offset_ += size;
    return taken;
  }

  /// The number of things that follow, of `least_size` bytes or more each: as many must fit.
  std::uint64_t count(std::uint64_t least_size, std::string_view what) {
    const auto value = number<std::uint64_t>(what);
    if (value > left() / least_size) {
      refuse(fmt::format("the {} does not fit the file", what),
             fmt::format("at most {}", left() / least_size), std::to_string(value));
    }
    return value;
  }

  [[noreturn]] void refuse(std::string_view what, std::string expected = {},
                           std::string found = {}) const {
    throw FormatError({fmt::format("[gguf] {}: {} (byte {})", place_, what, offset_),
                       std::move(expected), std::move(found), ""});
  }

 private:
  std::string_view bytes_;
  std::string place_;
  std::uint64_t offset_ = 0;
};

/// Value types, numbered as in the file.
enum class GgufType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  text,
  array,
  u64,
  i64,
  f64
};

/// One value: a scalar has count 1 and element == type; an array has its elements' type and count.
struct GgufValue {
  GgufType type;
  GgufType element;
  std::uint64_t count;
  std::string_view bytes;  ///< the encoded value or elements
};

class GgufMetadata {
 public:
  /// Reads `count` pairs at `cursor`. Values point into the cursor's bytes. Throws FormatError for
  /// values past the end, unknown types, duplicate keys and arrays nested deeper than 4.
  GgufMetadata(GgufCursor& cursor, std::uint64_t count, std::string place);

  bool has(const std::string& key) const { return values_.contains(key); }
  std::vector<std::string> keys() const;

  /// The value at `key` as T: bool, std::int64_t (from any whole number), double (from any number),
  /// std::string, or a std::vector of one of std::int64_t, double, std::string, std::string_view
  /// (which point into the mapping). Throws FormatError, naming key and file, when the key is
  /// missing or its value is of another type or out of range.
  template <typename T>
  T required(const std::string& key) const;

  /// The same, or `fallback` when the key is missing.
  template <typename T>
  T optional(const std::string& key, T fallback) const {
    return has(key) ? required<T>(key) : std::move(fallback);
  }

 private:
  std::string place_;
  std::map<std::string, GgufValue> values_;
};

}  // namespace austeer
