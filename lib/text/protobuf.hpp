#pragma once
// Writes protocol buffer messages field by field: a number and a type, then the value.

#include <cstdint>
#include <string>
#include <string_view>

namespace austeer {

class ProtobufWriter {
 public:
  /// A whole number, true or false, or an enumeration. A negative number takes ten bytes.
  ProtobufWriter& number(std::uint32_t field, std::int64_t value);
  /// A 32-bit float.
  ProtobufWriter& real(std::uint32_t field, float value);
  /// A text, bytes, or a message within this one.
  ProtobufWriter& text(std::uint32_t field, std::string_view value);

  /// The message so far.
  const std::string& bytes() const { return bytes_; }

 private:
  void key(std::uint32_t field, std::uint32_t wire_type);
  void varint(std::uint64_t value);

  std::string bytes_;
};

}  // namespace austeer
