// Sequence classifiers as scorers, against the logits of `transformers` for tiny random models
// (tests/reference/encoders.py).

#include <gtest/gtest.h>
#include <sstream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "reference.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using Labels = std::vector<std::string>;

std::filesystem::path folder_of(const std::string& name) {
  return std::filesystem::path(AUSTEER_REFERENCE_DIR) / "encoders" / name;
}

std::vector<std::string> texts_of(const std::string& name) {
  std::istringstream lines(read_file(folder_of(name) / "texts.jsonl"));
  std::vector<std::string> texts;
  for (std::string line; std::getline(lines, line);) {
    texts.push_back(parse_json(line, name).get<std::string>());
  }
  return texts;
}

void expect_parity(const std::string& name, const std::string& label, std::int64_t column,
                   bool multi_label) {
  const at::Tensor logits = testing::reference_file("encoders/" + name + "/reference.safetensors")
                                .tensor("logits")
                                .to(at::kDouble);
  const at::Tensor expected = multi_label ? at::sigmoid(logits) : at::softmax(logits, 1);
  const auto scorer = open_scorer(folder_of(name).string() + label, "unused", "unused");
  const std::vector<double> scores = scorer->score(texts_of(name));
  ASSERT_EQ(static_cast<std::int64_t>(scores.size()), logits.size(0));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scores[i], expected[static_cast<std::int64_t>(i)][column].item<double>(), 1e-4)
        << name << ", text " << i;
  }
}

TEST(ClassifierScorer, EqualsTransformers) {
  expect_parity("bert", "", 1, false);
  expect_parity("distilbert", "", 1, false);
  expect_parity("roberta", "#LABEL_2", 2, false);
  expect_parity("bert_three_heads", "#label 4", 4, true);
  expect_parity("roberta_multi", "#label 0", 0, true);
}

TEST(ClassifierScorer, DescribesItself) {
  const ClassifierScorer scorer(folder_of("bert"));
  EXPECT_EQ(scorer.description().at("kind"), "sequence classifier");
  EXPECT_EQ(scorer.description().at("name"), "bert");
  EXPECT_EQ(scorer.description().at("label"), "LABEL_1");
}

TEST(ClassifierScorer, FindsTheToxicLabel) {
  EXPECT_EQ(toxic_label({"neutral", "toxic"}, ""), 1U);
  EXPECT_EQ(toxic_label({"Toxicity", "insult"}, ""), 0U);
  EXPECT_EQ(toxic_label({"LABEL_0", "LABEL_1"}, ""), 1U);
  EXPECT_EQ(toxic_label({"LABEL_0", "LABEL_1"}, "LABEL_0"), 0U);
  EXPECT_EQ(toxic_label({"toxic", "insult"}, "insult"), 1U);
}

TEST(ClassifierScorer, RefusesToGuess) {
  expect_refusal<UsageError>(
      [] {
        toxic_label({"LABEL_0", "LABEL_1", "LABEL_2"}, "");
      },
      "LABEL_0, LABEL_1, LABEL_2");
  expect_refusal<UsageError>([] { toxic_label({"positive", "negative"}, ""); }, "FOLDER#LABEL");
  expect_refusal<UsageError>([] { toxic_label({"toxic", "Toxicity"}, ""); }, "is not clear");
  expect_refusal<UsageError>([] { toxic_label({"toxic", "insult"}, "threat"); }, "'threat'");
}

}  // namespace
}  // namespace austeer
