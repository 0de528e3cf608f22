// Fitting and scoring with a tiny random encoder (tests/reference/encoders.py).

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "heads.hpp"
#include "scorers/toxicity_fit.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::rude_and_kind_texts;
using testing::TemporaryFolder;

std::filesystem::path encoder_folder(const std::string& name) {
  const auto folder = std::filesystem::path(AUSTEER_REFERENCE_DIR) / "encoders" / name;
  if (!std::filesystem::exists(folder)) {
    throw std::runtime_error(folder.string() + " is missing: run tests/prepare_reference.sh");
  }
  return folder;
}

/// One fit serves all tests.
class ToxicityModelTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    fit_ = new ToxicityFit(
        fit_toxicity_head(rude_and_kind_texts(160), SentenceEncoder(encoder_folder("bert"))));
    fit_->head.version = "test";
    fit_->head.encoder = "tiny";
  }
  static void TearDownTestSuite() { delete fit_; }

  static ToxicityFit* fit_;
  const TemporaryFolder folder_;
};
ToxicityFit* ToxicityModelTest::fit_ = nullptr;

TEST_F(ToxicityModelTest, LearnsToTellRudeFromKind) {
  EXPECT_GT(fit_->cross_validation.auc, 0.99);
  EXPECT_EQ(fit_->cross_validation.texts, 160);
  save_toxicity_head(folder_ / "head.safetensors", fit_->head);
  const ToxicityModel model(folder_ / "head.safetensors", encoder_folder("bert"));
  const std::vector<std::string> texts = {"what an idiot number 1001",
                                          "please come in number 1001"};
  const std::vector<double> scores = model.score(texts);
  EXPECT_GT(scores[0], 0.5);
  EXPECT_LT(scores[1], 0.5);
  EXPECT_EQ(model.description().at("name"), "austeer-test");
}

TEST_F(ToxicityModelTest, FitsTheSameBytesAgain) {
  const ToxicityExamples examples = rude_and_kind_texts(60);
  const SentenceEncoder encoder(encoder_folder("bert"));
  for (const char* name : {"one", "two"}) {
    save_toxicity_head(folder_ / name, fit_toxicity_head(examples, encoder).head);
  }
  EXPECT_EQ(read_file(folder_ / "one"), read_file(folder_ / "two"));
}

/// The score by its definition: each text alone, full states only where the quick stage is unclear.
double plain_score(const ToxicityHead& head, const SentenceEncoder& encoder,
                   const std::string& text) {
  const std::vector<std::string> texts = {text};
  const at::Tensor ngrams = ngram_logits(head, texts);
  const auto by = [&](const ToxicityStage& stage) {
    return stage.score(encoder.pooled_states(texts, stage.layers), ngrams).item<double>();
  };
  const double quick = by(head.quick);
  return quick < head.unclear_from || quick > head.unclear_to ? quick : by(head.full);
}

TEST_F(ToxicityModelTest, ScoresWhatTheDefinitionSays) {
  ToxicityHead head = fit_->head;
  std::vector<std::string> texts = {"", "...", "you fool", "thank you, well done", "grey stones"};
  for (int i = 0; i < 40; ++i) texts.push_back(fmt::format("well {} fool {}", i, i * i));
  const SentenceEncoder encoder(encoder_folder("bert"));
  for (const double from : {0.0, 0.3, 1.0}) {  // all, some and none unclear
    head.unclear_from = from;
    head.unclear_to = std::max(from, 0.7);
    save_toxicity_head(folder_ / "head.safetensors", head);
    const ToxicityModel model(folder_ / "head.safetensors", encoder_folder("bert"));
    const std::vector<double> scores = model.score(texts);
    ASSERT_EQ(scores.size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EXPECT_NEAR(scores[i], plain_score(head, encoder, texts[i]), 1e-4) << texts[i];
    }
  }
}

TEST_F(ToxicityModelTest, RefusesAnotherEncoder) {
  save_toxicity_head(folder_ / "head.safetensors", fit_->head);
  expect_refusal<FormatError>(
      [&] { ToxicityModel(folder_ / "head.safetensors", encoder_folder("distilbert")); },
      "fitted on another encoder");
}

TEST_F(ToxicityModelTest, NeverFitsHeldOutTexts) {
  ToxicityExamples examples = rude_and_kind_texts(40);
  int number = 0;
  while (!toxicity_split(fmt::format("held out {}", number)).held_out) ++number;
  examples.texts.front() = fmt::format("held out {}", number);
  const SentenceEncoder encoder(encoder_folder("bert"));
  expect_refusal<UsageError>([&] { fit_toxicity_head(examples, encoder); }, "held-out text");
  expect_refusal<UsageError>([&] { fit_toxicity_head(rude_and_kind_texts(2), encoder); },
                             "too few labelled texts");
}

}  // namespace
}  // namespace austeer
