// JSONL: lines, places, blank lines, and lines that are no JSON.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

TEST(JsonLines, ValuesAndTheirPlaces) {
  std::string seen;
  for_each_json_line("{\"a\":1}\n\n \t\r\n[2]\r\n3", "f.jsonl",
                     [&](const Json& value, const std::string& place) {
                       seen += place + "=" + to_text(value) + ";";
                     });
  EXPECT_EQ(seen, "f.jsonl:1={\"a\":1};f.jsonl:4=[2];f.jsonl:5=3;");
  for_each_json_line("", "f", [](const Json&, const std::string&) { FAIL(); });
}

TEST(JsonLines, ABrokenLineIsNamed) {
  testing::expect_refusal<FormatError>(
      [] { for_each_json_line("1\n{", "f.jsonl", [](const Json&, const std::string&) {}); },
      "f.jsonl:2: not valid JSON");
}

}  // namespace
}  // namespace austeer
