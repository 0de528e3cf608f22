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

TEST(Fields, RefusesUnknownMissingAndMistypedKeys) {
  const Json json = parse_json(R"({"alpha": 1, "metod": "x", "k": "many"})", "test");
  Fields fields(json, "study.yaml");
  EXPECT_EQ(fields.required<std::int64_t>("alpha"), 1);
  EXPECT_EQ(fields.optional<std::string>("method", "austeer"), "austeer");
  expect_refusal<FormatError>([&] { fields.required<std::int64_t>("k"); }, "a whole number");
  expect_refusal<FormatError>([&] { fields.required<bool>("missing"); }, "'missing' is missing");
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
