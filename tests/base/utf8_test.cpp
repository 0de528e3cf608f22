#include "base/utf8.hpp"

#include <gtest/gtest.h>
#include <string>

namespace austeer {
namespace {

TEST(Utf8, ValidTextIsKept) {
  const std::string text = "a\xC3\xA9\xE6\xBC\xA2\xF0\x9F\xA4\xB7\xF4\x8F\xBF\xBF";
  EXPECT_EQ(repair_utf8(text), text);
  EXPECT_EQ(repair_utf8(std::string(1, '\0')), std::string(1, '\0'));
}

TEST(Utf8, EachMaximalIllFormedPartBecomesOneReplacement) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(repair_utf8("a\xFFz"), "a" + r + "z");
  EXPECT_EQ(repair_utf8("\xE6\xBC"), r) << "cut off";
  EXPECT_EQ(repair_utf8("\xF0\x9F\xA4z"), r + "z");
  EXPECT_EQ(repair_utf8("\xC0\x80"), r + r) << "overlong";
  EXPECT_EQ(repair_utf8("\xE0\x80\x80"), r + r + r) << "overlong";
  EXPECT_EQ(repair_utf8("\xED\xA0\x80"), r + r + r) << "surrogate";
  EXPECT_EQ(repair_utf8("\xF4\x90\x80\x80"), r + r + r + r) << "above U+10FFFF";
  EXPECT_EQ(repair_utf8("\x80\xBF"), r + r);
}

TEST(Utf8, CodePointsBothWays) {
  for (const char32_t value : {0x24u, 0x7FFu, 0x800u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
    std::string text = "x";
    append_utf8(text, value);
    EXPECT_TRUE(code_point_at(text, 1).value == value);
    EXPECT_TRUE(code_point_before(text, text.size()).value == value);
    EXPECT_EQ(code_point_before(text, text.size()).length, text.size() - 1);
  }
}

TEST(Utf8, IllFormedBytesAreSteppedOver) {
  // Each stands at the very end of a string of its own, so that a sanitizer sees a read past it.
  for (const std::string& bytes : {std::string("\xA1"), std::string("\xC3"), std::string("\xFF"),
                                   std::string("\xE2\x96"), std::string("\xF0\x9F\xA4")}) {
    const CodePoint found = code_point_at(bytes, 0);
    EXPECT_TRUE(found.value == 0xFFFD);
    EXPECT_EQ(found.length, bytes.size());
    EXPECT_EQ(valid_utf8_prefix(bytes), 0U);
    EXPECT_EQ(valid_utf8_prefix("a\u00E9" + bytes), 3U);
  }
  EXPECT_EQ(valid_utf8_prefix("a\u00E9"), 3U);
}

}  // namespace
}  // namespace austeer
