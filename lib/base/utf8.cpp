// UTF-8 by the table of well-formed byte sequences (Unicode chapter 3, table 3-7).
#include "base/utf8.hpp"

#include <cstdint>

namespace austeer {
namespace {

constexpr std::string_view replacement_bytes = "\xEF\xBF\xBD";  // U+FFFD

std::uint8_t byte_at(std::string_view text, std::size_t position) {
  return static_cast<std::uint8_t>(text[position]);
}

/// How long the sequence that `lead` opens is, and which second bytes may follow it.
struct Lead {
  std::size_t length = 0;  // 0: no sequence starts so
  std::uint8_t second_low = 0x80;
  std::uint8_t second_high = 0xBF;
};

Lead lead_of(std::uint8_t lead) {
  if (lead < 0x80) return {1};
  if (lead < 0xC2) return {0};
  if (lead < 0xE0) return {2};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead < 0xF4) return {4};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

/// The length of the well-formed sequence at `position`, or 0; `consumed` is how many bytes to step
/// over either way.
std::size_t sequence_at(std::string_view bytes, std::size_t position, std::size_t& consumed) {
  const Lead lead = lead_of(byte_at(bytes, position));
  consumed = 1;
  if (lead.length == 0) return 0;
  while (consumed < lead.length) {
    if (position + consumed >= bytes.size()) return 0;
    const std::uint8_t next = byte_at(bytes, position + consumed);
    const std::uint8_t low = consumed == 1 ? lead.second_low : 0x80;
    const std::uint8_t high = consumed == 1 ? lead.second_high : 0xBF;
    if (next < low || next > high) return 0;
    ++consumed;
  }
  return lead.length;
}

}  // namespace

std::string repair_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  std::size_t consumed = 0;
  for (std::size_t position = 0; position < bytes.size(); position += consumed) {
    const std::size_t length = sequence_at(bytes, position, consumed);
    text += length > 0 ? bytes.substr(position, length) : replacement_bytes;
  }
  return text;
}

std::size_t valid_utf8_prefix(std::string_view bytes) {
  std::size_t position = 0;
  std::size_t consumed = 0;
  while (position < bytes.size() && sequence_at(bytes, position, consumed) > 0) {
    position += consumed;
  }
  return position;
}

CodePoint code_point_at(std::string_view text, std::size_t position) {
  std::size_t consumed = 0;
  const std::size_t length = sequence_at(text, position, consumed);
  if (length == 0) return {0xFFFD, consumed};
  const std::uint8_t lead = byte_at(text, position);
  char32_t value = length == 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    value = (value << 6) | (byte_at(text, position + i) & 0x3Fu);
  }
  return {value, length};
}

CodePoint code_point_before(std::string_view text, std::size_t position) {
  std::size_t start = position - 1;
  while (start > 0 && (byte_at(text, start) & 0xC0) == 0x80) --start;
  return code_point_at(text, start);
}

void append_utf8(std::string& text, char32_t value) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | (value >> 6));
    put(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    put(0xE0 | (value >> 12));
    put(0x80 | ((value >> 6) & 0x3F));
    put(0x80 | (value & 0x3F));
  } else {
    put(0xF0 | (value >> 18));
    put(0x80 | ((value >> 12) & 0x3F));
    put(0x80 | ((value >> 6) & 0x3F));
    put(0x80 | (value & 0x3F));
  }
}

}  // namespace austeer
