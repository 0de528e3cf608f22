#pragma once
// The key-value part of a GGUF file: model sizes, tokenizer, chat template. Values stay where they
// lie in the mapping and are decoded when they are asked for.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tensors/gguf_cursor.hpp"

namespace austeer {

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
