// Answers of a tiny model: greedy ones, those that end at a text, and choices by their
// probabilities, each against the engine run on one text.
#include "runs/answers.hpp"

#include <array>
#include <cmath>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "engine/plan_tap.hpp"
#include "runs/tiny_runs.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::tiny_run_model;
using testing::TinyRuns;

class AnswersOf : public ::testing::Test {
 protected:
  std::vector<std::vector<Answer>> generate(std::span<Tap* const> taps,
                                            const std::vector<std::string>& stop = {},
                                            std::int64_t length = 8) const {
    return generate_answers(items_, model_, length, stop, {}, taps, "test");
  }

  /// Natural logarithm of the probability that `choice` follows `prompt`, from the logits alone.
  double log_probability(const std::string& prompt, const std::string& choice,
                         Tap* tap = nullptr) const {
    const Tokens text = model_.tokenizer->encode(prompt + choice);
    const std::size_t first = model_.tokenizer->encode(prompt).size();
    const at::Tensor logs =
        Engine(*model_.decoder).logits(text, tap).to(at::kDouble).log_softmax(-1);
    double sum = 0;
    for (std::size_t i = first; i < text.size(); ++i) {
      sum += logs[static_cast<std::int64_t>(i) - 1][text[i]].item<double>();
    }
    return sum;
  }

  const TinyRuns made_;
  const Model& model_ = tiny_run_model();
  const std::vector<Item> items_ = made_.items("choice");
  PlanTap steered_{{{{Site::ffn, 1, Operation::add, {0, 5, 9}, {6, -6, 6}, Positions::all}}},
                   *model_.decoder};
};

TEST_F(AnswersOf, EachTapHasItsOwnInTheOrderOfTheItems) {
  const std::array<Tap*, 2> taps = {&steered_, nullptr};
  const auto answers = generate(taps);
  ASSERT_EQ(answers.size(), 2U);
  const Engine engine(*model_.decoder);
  for (std::size_t tap = 0; tap < 2; ++tap) {
    ASSERT_EQ(answers[tap].size(), items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Answer& answer = answers[tap][i];
      EXPECT_EQ(answer.prompt, model_.tokenizer->encode(items_[i].prompt));
      const std::vector<Tokens> alone = {answer.prompt};
      EXPECT_EQ(answer.tokens, engine.generate(alone, {8, model_.stop_tokens}, taps[tap]).front());
      EXPECT_EQ(answer.text, model_.tokenizer->decode(answer.tokens));
    }
  }
  EXPECT_NE(answers[0][0].tokens, answers[1][0].tokens);
}

TEST_F(AnswersOf, EndBeforeTheFirstOfTheStopTexts) {
  const std::array<Tap*, 1> taps = {nullptr};
  const auto whole = generate(taps).front();
  // Two pieces of the first answer, the later one named first.
  const Tokens& tokens = whole[0].tokens;
  ASSERT_GE(tokens.size(), 6U);
  const std::vector<std::string> stop = {model_.tokenizer->decode(std::span(tokens).subspan(5, 1)),
                                         model_.tokenizer->decode(std::span(tokens).subspan(2, 2))};
  const auto ended = generate(taps, stop).front();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const std::size_t end = std::min(whole[i].text.find(stop[0]), whole[i].text.find(stop[1]));
    EXPECT_EQ(ended[i].text, whole[i].text.substr(0, end));
    EXPECT_EQ(model_.tokenizer->decode(ended[i].tokens), ended[i].text);
  }
  EXPECT_LE(ended[0].tokens.size(), 2U);
}

TEST_F(AnswersOf, APromptNeedsRoomForItsAnswer) {
  std::vector<Item> items(2);
  items[0].prompt = std::string(500, 'a');
  items[1].prompt = std::string(501, 'a');
  items[1].place = "here:2";
  items[1].choices = {std::string(12, 'b')};
  const std::array<Tap*, 1> taps = {nullptr};
  expect_refusal<FormatError>(
      [&] { generate_answers(items, model_, 12, {}, {}, taps, "test"); },
      "here:2: the prompt is too long for the model; expected at most 500 tokens; found 501");
  EXPECT_EQ(generate_answers({items.data(), 1}, model_, 12, {}, {}, taps, "test").front().size(),
            1U);
  expect_refusal<FormatError>([&] { score_choices(items, model_, {}, taps, "test"); },
                              "here:2: the prompt is too long for the model; expected at most 512 "
                              "tokens; found 513");
}

TEST_F(AnswersOf, ChoicesHaveTheProbabilitiesOfTheirTokens) {
  const std::array<Tap*, 2> taps = {nullptr, &steered_};
  const auto scores = score_choices(items_, model_, {}, taps, "test");
  ASSERT_EQ(scores.size(), 2U);
  for (std::size_t tap = 0; tap < 2; ++tap) {
    ASSERT_EQ(scores[tap].size(), items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      ASSERT_EQ(scores[tap][i].log_likelihoods.size(), 2U);
      for (std::size_t c = 0; c < 2; ++c) {
        const double found = scores[tap][i].log_likelihoods[c];
        const double expected = log_probability(item.prompt, item.choices[c], taps[tap]);
        // Logits of float32 after three layers of about ten operations; of each token one.
        EXPECT_NEAR(found, expected, testing::float_tolerance(40) * std::abs(expected));
        EXPECT_DOUBLE_EQ(scores[tap][i].normalised[c],
                         found / static_cast<double>(item.choices[c].size()));
      }
    }
  }
}

TEST(ChoiceScoresOf, TheBestIsTheFirstAmongEquals) {
  const ChoiceScores scores{{-3, -2, -2, -4}, {-1, -2, -1, -0.5}};
  EXPECT_EQ(scores.best(), 1U);
  EXPECT_EQ(scores.best_normalised(), 3U);
}

TEST_F(AnswersOf, AChosenTextIsRightWhicheverLabelItHas) {
  std::vector<Item> items = {items_[0], items_[0], items_[0]};
  items[0].choices = {" no", " no"};
  items[0].gold = " no";
  items[0].right = 1;  // the first of two equal texts is chosen
  const ChoiceScores alone =
      score_choices({items.data() + 1, 1}, model_, {}, std::array<Tap*, 1>{}, "test")[0][0];
  items[1].gold = items[1].choices[alone.best()];
  items[2].gold = items[2].choices[1 - alone.best()];
  const Task task = load_task(made_.task("choice"), testing::project_configs);
  const std::array<Tap*, 1> taps = {nullptr};
  const std::vector<ScoredItems> scored = compare_choices(items, {task, model_, taps, 1, {}});
  ASSERT_EQ(scored.size(), 1U);
  EXPECT_EQ(scored[0].correct, 2);
  EXPECT_EQ(scored[0].lines[0].at("correct"), true);
  EXPECT_EQ(scored[0].lines[1].at("correct"), true);
  EXPECT_EQ(scored[0].lines[2].at("correct"), false);
  EXPECT_EQ(scored[0].lines[2].at("generated"), items[1].gold);
  EXPECT_TRUE(scored[0].also.contains("accuracy_normalised"));
}

}  // namespace
}  // namespace austeer
