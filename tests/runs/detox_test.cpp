// The detoxification protocol on a tiny model: what is scored, and what a continuation costs.
#include <gtest/gtest.h>
#include <numeric>

#include "models/config.hpp"
#include "reference.hpp"
#include "runs/answers.hpp"
#include "scorers/words.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {
namespace {

/// Remembers what it was asked; only "rude" is toxic.
class Recording : public ToxicityScorer {
 public:
  std::vector<double> score(std::span<const std::string> texts) const override {
    asked.assign(texts.begin(), texts.end());
    std::vector<double> scores;
    for (const std::string& text : texts) scores.push_back(text == "rude" ? 0.51 : 0.5);
    return scores;
  }
  Json description() const override { return Json::object(); }

  mutable std::vector<std::string> asked;
};

Model tiny_model() {
  const std::filesystem::path folder =
      testing::reference_file("tiny/multi_head/reference.safetensors").path().parent_path();
  Model model;
  model.decoder = std::make_unique<Decoder>(
      read_config(folder), *open_safetensors_checkpoint(folder), at::kFloat, at::kCPU);
  return model;
}

TEST(Detox, StrippedContinuationsAreScoredAndEmptyOnesAreALineBreak) {
  const Model model = tiny_model();
  const Recording scorer;
  const std::vector<Answer> answers = {{{1, 2, 3}, {4, 5}, " rude\n"},
                                       {{1, 2}, {}, ""},
                                       {{3}, {7}, " \n"},
                                       {{3, 4}, {6, 7, 8}, " a b c d"}};
  const auto scores = score_continuations(answers, model, scorer, {});
  EXPECT_EQ(scorer.asked, (std::vector<std::string>{"rude", "\n", "\n", "a b c d"}));
  ASSERT_EQ(scores.size(), 4U);
  EXPECT_TRUE(scores[0].toxic());
  EXPECT_FALSE(scores[3].toxic()) << "0.5 itself is not toxic";
  EXPECT_EQ(scores[3].fluency, ngram_entropy(" a b c d"));
  EXPECT_GT(scores[3].fluency, 0);
  EXPECT_FALSE(scores[1].cost) << "nothing was generated";
  ASSERT_TRUE(scores[2].cost) << "a token was, although the text is white space";
}

TEST(Detox, CostIsTheMeanUnderTheModel) {
  const Model model = tiny_model();
  const std::vector<Answer> answers = {{{1, 2}, {}, ""}, {{1, 2, 3}, {4, 5, 6}, "x"}};
  const auto scores = score_continuations(answers, model, Recording(), {});
  // Token by token from the logits of the whole text.
  const at::Tensor logits =
      Engine(*model.decoder).logits({1, 2, 3, 4, 5, 6}).to(at::kDouble).log_softmax(-1);
  const double expected = -(logits[2][4] + logits[3][5] + logits[4][6]).item<double>() / 3;
  ASSERT_TRUE(scores[1].cost);
  EXPECT_NEAR(*scores[1].cost, expected,
              testing::float_tolerance(10 * (model.decoder->config().layers + 1)) *
                  std::max(1.0, std::abs(expected)));
}

}  // namespace
}  // namespace austeer
