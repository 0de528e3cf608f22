// How many answers of a result are in form, and how many of those are right.

#include <gtest/gtest.h>

#include "runs/answers.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

Json line(const std::string& generated, bool correct) {
  return {{"generated", generated}, {"correct", correct}};
}

const Json labels = {{"answers", {{"0", "A"}, {"1", "B"}}}};

TEST(AnswerForm, IsThatOfTheLabelsInAnyCaseWithoutWhiteSpace) {
  const std::vector<Json> lines = {line(" a\n", true), line("B", false),  line("b", true),
                                   line("To", false),  line("A.", false), line("", false)};
  const auto form = answer_form(labels, "exact_match", lines, "r.jsonl");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->items, 6);
  EXPECT_EQ(form->in_form, 3);
  EXPECT_EQ(form->right, 2);
  EXPECT_DOUBLE_EQ(form->share(), 0.5);
  EXPECT_DOUBLE_EQ(form->accuracy().value(), 2.0 / 3);
  EXPECT_EQ(form->json().at("in_form"), 0.5);
}

TEST(AnswerForm, GoldAnswersCountWhereTheyAreOthers) {
  Json task = labels;
  task["gold_answers"] = {{"0", " yes"}, {"1", " {{no}}"}};
  const std::vector<Json> lines = {line("Yes", true), line("{no}", false), line("A", false)};
  EXPECT_EQ(answer_form(task, "exact_match", lines, "r")->in_form, 2);
}

TEST(AnswerForm, OfLabelsWithFieldsIsThatOfEachItemsChoices) {
  const Json task = {{"answers", {{"0", "{option1}"}, {"1", "{option2}"}}}};
  std::vector<Json> lines = {line("Ann", true), line("Bob", false)};
  EXPECT_FALSE(answer_form(task, "exact_match", lines, "r")) << "results of the past lack them";
  lines[0]["choices"] = {"Ann", "Eve"};
  lines[1]["choices"] = {"Ann", "Eve"};
  EXPECT_EQ(answer_form(task, "exact_match", lines, "r")->in_form, 1);
}

TEST(AnswerForm, NoneIsRightOfNone) {
  const auto form = answer_form(labels, "exact_match", std::vector<Json>{line("C", false)}, "r");
  EXPECT_EQ(form->share(), 0);
  EXPECT_FALSE(form->accuracy());
  EXPECT_TRUE(form->json().at("accuracy_in_form").is_null());
}

TEST(AnswerForm, ThereIsNoneWithoutLabelsOrExactMatch) {
  const std::vector<Json> lines = {line("4", true)};
  EXPECT_FALSE(answer_form({{"answer", "{number}"}}, "exact_match", lines, "r"));
  EXPECT_FALSE(answer_form(labels, "choices", lines, "r"));
  EXPECT_FALSE(answer_form(labels, "number_match", lines, "r"));
}

TEST(AnswerForm, RefusesBrokenLines) {
  const std::vector<Json> lines = {{{"generated", 3}, {"correct", true}}};
  testing::expect_refusal<FormatError>(
      [&] { answer_form(labels, "exact_match", lines, "r.jsonl"); }, "r.jsonl");
}

}  // namespace
}  // namespace austeer
