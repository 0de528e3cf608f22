#include "base/json.hpp"

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

TEST(Json, MalformedTextNamesItsPlace) {
  expect_refusal<FormatError>([] { parse_json("{\"a\": ", "data.jsonl:7"); }, "data.jsonl:7");
}

TEST(Json, DeepNestingIsRefused) {
  const std::string deep(100000, '[');
  expect_refusal<FormatError>([&] { parse_json(deep, "deep.json"); }, "nested deeper");
}

TEST(Json, YamlScalarsGetTheirTypes) {
  testing::TemporaryFolder folder;
  write_file(folder / "a.yaml", "i: 3\nf: 0.5\nb: true\ns: text\nq: '3'\nn:\nl: [1, two]\n");
  const Json json = read_yaml(folder / "a.yaml");
  EXPECT_EQ(to_text(json), R"({"i":3,"f":0.5,"b":true,"s":"text","q":"3","n":null,"l":[1,"two"]})");
}

TEST(Json, YamlErrorsNameLineAndFile) {
  testing::TemporaryFolder folder;
  write_file(folder / "a.yaml", "a: 1\nb: [1, 2\n");
  expect_refusal<FormatError>([&] { read_yaml(folder / "a.yaml"); }, "a.yaml:");
  write_file(folder / "b.yaml", "a: 1\na: 2\n");
  expect_refusal<FormatError>([&] { read_yaml(folder / "b.yaml"); }, "b.yaml:2: the key 'a'");
}

TEST(Json, YamlThatGrowsOutOfBoundsIsRefused) {
  testing::TemporaryFolder folder;
  const auto refuse = [&](const std::string& text, const std::string& message) {
    write_file(folder / "a.yaml", text);
    expect_refusal<FormatError>([&] { read_yaml(folder / "a.yaml"); }, message);
  };
  const std::string nested = std::string(100, '[') + std::string(100, ']');
  refuse(nested, "nested deeper than 64 levels");
  refuse(std::string(100'000, '['), "a.yaml:1:");

  std::string bomb = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 6; ++i) {
    bomb += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ", *l" : "*l") + std::to_string(i - 1);
    bomb += "]\n";
  }
  refuse(bomb, "more than 100000 values");
  refuse("a: &a [*a, *a]\n", "nested deeper than 64 levels");

  write_file(folder / "a.yaml", std::string((1 << 20) + 1, '#'));
  expect_refusal<FileError>([&] { read_yaml(folder / "a.yaml"); }, "at most 1048576 bytes");
}

TEST(Fields, RefusesUnknownMissingAndMistypedKeys) {
  const Json json = parse_json(R"({"alpha": 1, "metod": "x", "k": "many"})", "test");
  Fields fields(json, "study.yaml");
  EXPECT_EQ(fields.required<std::int64_t>("alpha"), 1);
  EXPECT_EQ(fields.optional<std::string>("method", "austeer"), "austeer");
  expect_refusal<FormatError>([&] { fields.required<std::int64_t>("k"); }, "a whole number");
  expect_refusal<FormatError>([&] { fields.required<bool>("missing"); }, "'missing' is missing");
  expect_refusal<FormatError>(
      [&] { fields.refuse("k", "one or two", "many"); },
      "study.yaml: the key 'k' has a wrong value; expected one or two; found \"many\"");
  expect_refusal<FormatError>([&] { fields.refuse_unknown(); }, "did you mean 'method'?");
}

TEST(Fields, NumbersOutOfRangeAreRefused) {
  const Json json = parse_json(R"({"n": 4294967296, "m": -1})", "test");
  Fields fields(json, "config.json");
  expect_refusal<FormatError>([&] { fields.required<std::int32_t>("n"); }, "in range");
  expect_refusal<FormatError>([&] { fields.required<std::uint32_t>("m"); }, "in range");
}

}  // namespace
}  // namespace austeer
