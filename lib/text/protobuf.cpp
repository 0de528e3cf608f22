// The wire format: https://protobuf.dev/programming-guides/encoding
#include "text/protobuf.hpp"

#include <bit>

namespace austeer {
namespace {

constexpr std::uint32_t varint_type = 0, sized_type = 2, fixed32_type = 5;

}  // namespace

ProtobufWriter& ProtobufWriter::number(std::uint32_t field, std::int64_t value) {
  key(field, varint_type);
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

ProtobufWriter& ProtobufWriter::real(std::uint32_t field, float value) {
  key(field, fixed32_type);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) {  // little endian
    bytes_ += static_cast<char>(bits >> shift & 0xFF);
  }
  return *this;
}

ProtobufWriter& ProtobufWriter::text(std::uint32_t field, std::string_view value) {
  key(field, sized_type);
  varint(value.size());
  bytes_ += value;
  return *this;
}

void ProtobufWriter::key(std::uint32_t field, std::uint32_t wire_type) {
  varint(std::uint64_t{field} << 3 | wire_type);
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
void ProtobufWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
  bytes_ += static_cast<char>(value);
}

}  // namespace austeer
