#pragma once
// Builds GGUF files byte by byte, so that tests can make each field lie.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace austeer::testing {

class GgufBytes {
 public:
  /// Magic, version and the two counts.
  static GgufBytes header(std::uint64_t tensors, std::uint64_t keys, std::uint32_t version = 3) {
    GgufBytes bytes;
    bytes.bytes_ = "GGUF";
    return bytes.number(version).number(tensors).number(keys);
  }

  template <typename T>
  GgufBytes& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }

  GgufBytes& text(const std::string& text) {
    number(std::uint64_t{text.size()});
    bytes_ += text;
    return *this;
  }

  /// A metadata key and its value's type number.
  GgufBytes& key(const std::string& name, std::uint32_t type) { return text(name).number(type); }

  /// A tensor description; `dimensions` in the file's order.
  GgufBytes& tensor(const std::string& name, const std::vector<std::uint64_t>& dimensions,
                    std::uint32_t type, std::uint64_t offset) {
    text(name).number(static_cast<std::uint32_t>(dimensions.size()));
    for (const std::uint64_t dimension : dimensions) number(dimension);
    return number(type).number(offset);
  }

  /// Pads to `alignment` and appends `size` bytes that count up from `first`.
  GgufBytes& data(std::size_t size, std::size_t alignment = 32, int first = 1) {
    while (bytes_.size() % alignment != 0) bytes_ += '\0';
    for (std::size_t i = 0; i < size; ++i) bytes_ += static_cast<char>(first + static_cast<int>(i));
    return *this;
  }

  const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace austeer::testing
