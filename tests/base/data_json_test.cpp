// JSON of data sets: what Python's json module takes beyond the standard, and what it does not.
#include "base/data_json.hpp"

#include <cmath>
#include <gtest/gtest.h>

#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

std::string text_of(std::string_view json) {
  return scalar_text(parse_data_json(json, "d.jsonl:1")).value_or("(none)");
}

TEST(DataJson, IsTheStrictReaderWhereThatReads) {
  for (const char* json : {R"({"a": [1, -2.5, 1e3, true, false, null, {}], "b": {"c": []}})",
                           R"("\"\\\/\b\f\n\r\t\u00e9")",
                           "[0, -0, 0.5, 1E+2, 1e-2, 18446744073709551615, -9223372036854775808]",
                           " 3 ", R"("\ud83d\ude00 \u0000")", "\"\u2028\"",
                           R"({"a": 1, "b": 2, "a": 3})", "[4.0, 1e22, 5e-324]"}) {
    EXPECT_EQ(parse_data_json(json, "d"), parse_json(json, "s")) << json;
    EXPECT_EQ(to_text(parse_data_json(json, "d")), to_text(parse_json(json, "s"))) << json;
  }
}

TEST(DataJson, HalvesOfSurrogatePairs) {
  EXPECT_EQ(text_of(R"("Fine \ud83d?")"), "Fine \ufffd?");
  EXPECT_EQ(text_of(R"("\ude00\ud83d")"), "\ufffd\ufffd");
  EXPECT_EQ(text_of(R"("\ud83d\ud83d\ude00")"), "\ufffd\U0001f600");
  EXPECT_EQ(text_of(R"("\ud83d\n")"), "\ufffd\n");
  EXPECT_EQ(parse_data_json(R"({"\ud800": 1})", "d").begin().key(), "\ufffd");
}

TEST(DataJson, NumbersThatAreNoneInJson) {
  const Json values = parse_data_json("[NaN, Infinity, -Infinity, 1e400, -1e400, 1e-400]", "d");
  EXPECT_TRUE(std::isnan(values[0].get<double>()));
  EXPECT_EQ(values[1], std::numeric_limits<double>::infinity());
  EXPECT_EQ(values[2], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(values[3], values[1]);
  EXPECT_EQ(values[4], values[2]);
  EXPECT_EQ(values[5], 0.0);
  EXPECT_EQ(kind_of(values[0]) + kind_of(values[2]), "NaN-Infinity");
  EXPECT_EQ(scalar_text(values[0]), std::nullopt);
  EXPECT_EQ(scalar_text(values[3]), std::nullopt);
}

TEST(DataJson, DigitsThatNoIntegerHoldsStay) {
  EXPECT_EQ(text_of("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(text_of("-9223372036854775809"), "-9223372036854775809");
  EXPECT_EQ(text_of("18446744073709551616"), "18446744073709551616");
}

TEST(DataJson, WhatPythonRefusesIsRefusedWithItsPlace) {
  const auto refuse = [](std::string_view json, const std::string& message) {
    expect_refusal<FormatError>([&] { parse_data_json(json, "d.jsonl:7"); },
                                "d.jsonl:7: not valid JSON (line " + message);
  };
  refuse("", "1, byte 1: expected a value)");
  refuse("{\"a\" 2}", "1, byte 6: expected ':')");
  refuse("[1,\n2 3]", "2, byte 3: expected ',' or ']')");
  refuse("{\"a\": 1,}", "1, byte 9: expected a key in quotes)");
  refuse("[1,]", "1, byte 4: expected a value)");
  refuse("{a: 1}", "1, byte 2: expected a key");
  refuse("{\"a\": 1} x", "1, byte 10: text after the end");
  refuse("\"ab", "1, byte 4: a string that does not end");
  refuse("\"a\nb\"", "1, byte 3: a control character");
  refuse("\"\\x\"", "1, byte 3: an unknown escape");
  refuse("\"\\u12g4\"", "1, byte 4: expected four hex digits");
  refuse("\"\\u12", "1, byte 4: expected four hex digits");
  for (const char* json :
       {"01", "1.", ".5", "+1", "1e", "nan", "tru", "'a'", "--1", "-NaN", "0x1"}) {
    refuse(json, "1");
  }
  expect_refusal<FormatError>([] { parse_data_json(std::string(100000, '['), "deep.json"); },
                              "deep.json: nested deeper than 64 levels");
}

}  // namespace
}  // namespace austeer
