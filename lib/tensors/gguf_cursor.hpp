#pragma once
// Reads a GGUF header from front to back; every step is checked against the end of the file.

#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace austeer {

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

}  // namespace austeer
