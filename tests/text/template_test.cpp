#include "text/template.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "base/error.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

Template::Lookup fields_of(const Json& record) {
  return [&record](const std::string& field) -> const Json* {
    const auto found = record.find(field);
    return found == record.end() ? nullptr : &*found;
  };
}

std::string fill(const Template& parsed, const Json& record) {
  return parsed.fill(fields_of(record), "train.jsonl:12");
}

std::vector<std::string> fill_each(const Template& parsed, const Json& record) {
  return parsed.fill_each(fields_of(record), "train.jsonl:12");
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

TEST(Template, ScalarsAreFilledAsTheyAreWritten) {
  const Json record = {{"n", 3}, {"f", 2.5}, {"round", 4.0}, {"yes", true}, {"none", ""}};
  EXPECT_EQ(fill(Template("{n} {f} {round} {yes}[{none}]", "t"), record), "3 2.5 4.0 true[]");
}

TEST(Template, WhatIsNoTextIsRefusedWithAWayToNameIt) {
  const auto refuse = [](const Json& value, const std::string& message) {
    expect_refusal<FormatError>(
        [&] {
          fill(Template("A: {x}", "a.yaml: prompt"), {{"x", value}});
        },
        "a.yaml: prompt: the field 'x' of the record train.jsonl:12 is no "
        "text; expected a text, a number, true or false; found " +
            message);
  };
  refuse(Json::array({"a", "b"}), "a list. Name one of its elements: {x[0]}, or {x[label]}");
  refuse(Json::array(), "a list");
  refuse({{"text", "a"}}, "an object. Name one of its fields: {x.text}");
  refuse(std::nan(""), "NaN. Use another field");
  refuse(-std::numeric_limits<double>::infinity(), "-Infinity. Use another field");
}

TEST(Template, AListGivesATextForEachElement) {
  const Json record = {
      {"a", {"one", 2, true}}, {"b", "!"}, {"none", Json::array()}, {"deep", {{1}}}};
  EXPECT_EQ(fill_each(Template(" {a}{b}", "t"), record),
            (std::vector<std::string>{" one!", " 2!", " true!"}));
  EXPECT_EQ(fill_each(Template("{b}", "t"), record), std::vector<std::string>{"!"});
  EXPECT_EQ(fill_each(Template("{a}{a}", "t"), record)[1], "22") << "one field, wherever it stands";
  const auto refuse = [&](const char* text, const std::string& message) {
    expect_refusal<FormatError>([&] { fill_each(Template(text, "t: gold"), record); }, message);
  };
  refuse("{none}", "t: gold: the list 'none' of the record train.jsonl:12 is empty");
  refuse("{a}{none}", "the field 'none' of the record train.jsonl:12 is no text");
  refuse("{deep}", "the field 'deep' of the record train.jsonl:12 is no text");
  refuse("{missing}", "has no field 'missing'");
}

}  // namespace
}  // namespace austeer
