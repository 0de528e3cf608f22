#include "text/template.hpp"

#include <gtest/gtest.h>
#include <map>

#include "base/error.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

std::string fill(const Template& parsed, const std::map<std::string, std::string>& record) {
  const auto lookup = [&](const std::string& field) -> const std::string* {
    const auto found = record.find(field);
    return found == record.end() ? nullptr : &found->second;
  };
  return parsed.fill(lookup, "train.jsonl:12");
}

TEST(Template, FillsFieldsAndKeepsDoubledBraces) {
  const Template parsed("Question:\n{premise} {{x}} {question}, {premise}\n", "copa.yaml: prompt");
  EXPECT_EQ(fill(parsed, {{"premise", "It rained."}, {"question", "cause"}}),
            "Question:\nIt rained. {x} cause, It rained.\n");
  EXPECT_EQ(parsed.fields(), (std::vector<std::string>{"premise", "question"}));
}

TEST(Template, ValuesAreNotParsed) {
  EXPECT_EQ(fill(Template("{a}", "t"), {{"a", "{b} {{ }"}}), "{b} {{ }");
}

TEST(Template, BracesMayTouch) {
  EXPECT_EQ(fill(Template("{{{a}}}", "t"), {{"a", "1"}}), "{1}");
  EXPECT_EQ(fill(Template("{a}{b}", "t"), {{"a", "1"}, {"b", "2"}}), "12");
  EXPECT_EQ(fill(Template("", "t"), {}), "");
}

TEST(Template, MalformedTextIsRefusedWithItsPlace) {
  const auto parse = [](const char* text) { return [=] { Template(text, "copa.yaml: prompt"); }; };
  expect_refusal<FormatError>(parse("ab {premise"),
                              "copa.yaml: prompt: an unclosed field at byte 3");
  expect_refusal<FormatError>(parse("{a {b}}"), "an unclosed field at byte 0");
  expect_refusal<FormatError>(parse("{}"), "an empty field at byte 0");
  expect_refusal<FormatError>(parse("a}b"), "a '}' that closes nothing at byte 1");
  expect_refusal<FormatError>(parse("{"), "an unclosed field at byte 0");
}

TEST(Template, MissingFieldNamesFieldTemplateAndRecord) {
  const Template parsed("{premise} {choice1}", "copa.yaml: prompt");
  const std::string message = testing::refusal<FormatError>([&] {
    fill(parsed, {{"premise", "x"}});
  });
  EXPECT_NE(message.find("copa.yaml: prompt"), std::string::npos) << message;
  EXPECT_NE(message.find("train.jsonl:12 has no field 'choice1'"), std::string::npos) << message;
}

}  // namespace
}  // namespace austeer
