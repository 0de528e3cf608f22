// Character classes, normal forms and the byte-level alphabet.

#include "text/unicode.hpp"

#include <cstdint>
#include <gtest/gtest.h>

#include "base/utf8.hpp"
#include "text/byte_pieces.hpp"

namespace austeer {
namespace {

TEST(Unicode, ClassesOfCharacters) {
  for (const char32_t space : {0x9u, 0x20u, 0x85u, 0xA0u, 0x2028u, 0x3000u}) {
    EXPECT_TRUE(is_white_space(space)) << static_cast<std::uint32_t>(space);
  }
  for (const char32_t other : {0x180Eu, 0x200Bu, 0xFEFFu, 0x5Fu}) {
    EXPECT_FALSE(is_white_space(other)) << static_cast<std::uint32_t>(other);
  }
  for (const char32_t word : {0x61u, 0x5Fu, 0x39u, 0x301u, 0x6F22u, 0x200Du, 0x24B6u}) {
    EXPECT_TRUE(is_word_character(word)) << static_cast<std::uint32_t>(word);
  }
  EXPECT_FALSE(is_word_character(0xBD)) << "one half";
  EXPECT_FALSE(is_word_character('-'));
}

TEST(Unicode, NormalForms) {
  EXPECT_EQ(normalise("e\u0301 A\u030A", NormalForm::nfc), "\u00E9 \u00C5");
  EXPECT_EQ(normalise("\u00E9", NormalForm::nfd), "e\u0301");
  EXPECT_EQ(normalise("\uFB01\u00B2", NormalForm::nfkc), "fi2");
  EXPECT_EQ(normalise("\uFB01\u00E9", NormalForm::nfkd), "fie\u0301");
  EXPECT_EQ(normalise("a\u0301\u0323", NormalForm::nfc), "\u1EA1\u0301");
  // U+08CA got its combining class after Unicode 9, and stays where it is.
  EXPECT_EQ(normalise("a\u08CA\u0323", NormalForm::nfc), "a\u08CA\u0323");
}

TEST(Unicode, TextThatGrowsIsWhole) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    text += "\uFDFA";  // one character that stands for eighteen
    expected += normalise("\uFDFA", NormalForm::nfkd);
  }
  EXPECT_EQ(normalise(text, NormalForm::nfkd), expected);
  EXPECT_EQ(expected.size() / 5000, 33u);
}

TEST(ByteLevel, EveryByteHasItsOwnPrintableCharacter) {
  std::string piece;
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    append_utf8(piece, byte_level_alphabet()[static_cast<std::size_t>(byte)]);
    bytes += static_cast<char>(byte);
  }
  EXPECT_EQ(bytes_of_piece(piece), bytes);
  EXPECT_EQ(bytes_of_piece("\u0120the\u010A"), " the\n");
  EXPECT_EQ(bytes_of_piece("a b"), std::nullopt) << "a space is not in the alphabet";
  EXPECT_EQ(bytes_of_piece("\u6F22"), std::nullopt);
}

TEST(ByteLevel, IllFormedPiecesHaveNoBytes) {
  // Each stands at the very end of a string of its own, so that a sanitizer sees a read past it.
  for (const std::string& bytes : {std::string("\xA1"), std::string("\xC3"), std::string("\xFF"),
                                   std::string("\xE2\x96"), std::string("\xF0\x9F\xA4")}) {
    EXPECT_EQ(bytes_of_piece(bytes), std::nullopt);
    EXPECT_EQ(bytes_of_piece(std::string(40, 'a') + bytes), std::nullopt);
  }
}

}  // namespace
}  // namespace austeer
