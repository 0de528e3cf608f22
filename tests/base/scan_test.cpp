#include "base/scan.hpp"

#include <cstdint>
#include <gtest/gtest.h>

namespace austeer {
namespace {

TEST(Scan, ANumberIsTheWholeText) {
  EXPECT_EQ(parse_number<std::int64_t>("-12"), -12);
  EXPECT_EQ(parse_number<std::int64_t>("007"), 7);
  EXPECT_EQ(parse_number<std::uint32_t>("fF", 16), 255U);
  EXPECT_EQ(parse_number<double>("2.5e-1"), 0.25);
  for (const char* text : {"", "-", "+1", " 1", "1 ", "1x", "0x1", "9223372036854775808"}) {
    EXPECT_EQ(parse_number<std::int64_t>(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_number<std::uint64_t>("-1"), std::nullopt);
  EXPECT_EQ(parse_number<double>("1e999"), std::nullopt);
}

TEST(Scan, ANumberIsTakenFromTheFront) {
  std::string_view text = "12:-3";
  EXPECT_EQ(take_number<std::int64_t>(text), 12);
  EXPECT_EQ(text, ":-3");
  EXPECT_EQ(take_number<std::int64_t>(text), std::nullopt);
  EXPECT_EQ(text, ":-3");
}

TEST(Scan, LinesEndWithALineFeedOrTheText) {
  using Lines = std::vector<std::string_view>;
  EXPECT_EQ(lines_of(""), Lines{});
  EXPECT_EQ(lines_of("a\n\nb"), (Lines{"a", "", "b"}));
  EXPECT_EQ(lines_of("a\r\n\n"), (Lines{"a\r", ""}));
}

}  // namespace
}  // namespace austeer
