#pragma once
// Pieces that stand for one byte of a character that has no piece of its own: "<0x00>" to "<0xFF>".

#include <optional>
#include <string>
#include <string_view>

namespace austeer {

/// "<0x0A>" for 10.
std::string byte_piece(unsigned char byte);

/// The byte that a piece stands for; nullopt when it is no byte piece.
std::optional<char> byte_of_piece(std::string_view piece);

/// Neighbouring byte pieces while they are decoded.
class ByteRun {
 public:
  void add(char byte) { bytes_ += byte; }

  /// The run's text, and a new run: its bytes where they are UTF-8 as a whole, else one U+FFFD for
  /// each byte.
  std::string take();

 private:
  std::string bytes_;
};

}  // namespace austeer
