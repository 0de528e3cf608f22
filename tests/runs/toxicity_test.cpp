// Reading labels by side of the split, and scoring JSONL streams.

#include "runs/toxicity.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/paths.hpp"
#include "scorers/toxicity_fit.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

/// A text's score is its length in hundredths.
class LengthScorer : public ToxicityScorer {
 public:
  std::vector<double> score(std::span<const std::string> texts) const override {
    std::vector<double> scores;
    for (const std::string& text : texts) {
      scores.push_back(static_cast<double>(text.size()) / 100);
    }
    return scores;
  }
  Json description() const override { return {{"kind", "length"}}; }
};

std::string labelled_texts(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    Json line = {{"text", "text number " + std::to_string(i)},
                 {"toxicity", (i % 10) / 10.0},
                 {"insult", 0.5},
                 {"flirtation", 0.1}};
    if (i % 4 == 0) line["threat"] = 0.25;
    lines += to_text(line) + "\n";
  }
  return lines;
}

TEST(ToxicityLabels, SidesNeverMeet) {
  const TemporaryFolder folder;
  write_file(folder / "labels.jsonl", labelled_texts(200));
  const auto training = read_toxicity_labels(folder / "labels.jsonl", LabelSide::training);
  const auto held_out = read_toxicity_labels(folder / "labels.jsonl", LabelSide::held_out);
  EXPECT_EQ(training.texts.size() + held_out.texts.size(), 200U);
  EXPECT_GT(held_out.texts.size(), 20U);
  for (const std::string& text : training.texts) EXPECT_FALSE(toxicity_split(text).held_out);
  for (const std::string& text : held_out.texts) EXPECT_TRUE(toxicity_split(text).held_out);
  EXPECT_EQ(training.toxicity.size(), training.texts.size());
}

TEST(ToxicityLabels, KeepsKindsThatMostTextsHave) {
  const TemporaryFolder folder;
  write_file(folder / "labels.jsonl", labelled_texts(200));
  const auto training = read_toxicity_labels(folder / "labels.jsonl", LabelSide::training);
  ASSERT_EQ(training.kinds.size(), 1U);
  EXPECT_EQ(training.kinds.begin()->first, "insult");
}

TEST(ToxicityLabels, RefusesBadLines) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& bytes, const std::string& part) {
    write_file(folder / "labels.jsonl", bytes);
    for (const LabelSide side : {LabelSide::training, LabelSide::held_out}) {
      try {
        read_toxicity_labels(folder / "labels.jsonl", side);
      } catch (const FormatError& error) {
        if (std::string(error.what()).find(part) != std::string::npos) return;
      }
    }
    ADD_FAILURE() << "not refused: " << bytes;
  };
  refused("{\"text\": \"a\"}\n", "labels.jsonl:1");
  refused("{\"text\": \"a\", \"toxicity\": 2}\n", "toxicity");
  refused("{\"text\": \"a\", \"toxicity\": 0.5, \"threat\": \"x\"}\n", "threat");
  refused(labelled_texts(3) + "[]\n", "labels.jsonl:4");
  refused("", "no text falls on");
}

TEST(ToxicityEvaluate, ScoresTheHeldOutSideOnly) {
  const TemporaryFolder folder;
  write_file(folder / "labels.jsonl", labelled_texts(200));
  const auto held_out = read_toxicity_labels(folder / "labels.jsonl", LabelSide::held_out);
  const ToxicityEvaluation found = evaluate_toxicity(LengthScorer(), folder / "labels.jsonl");
  EXPECT_EQ(found.metrics.texts, static_cast<std::int64_t>(held_out.texts.size()));
  EXPECT_EQ(found.scorer.at("kind"), "length");
}

TEST(ToxicityScore, AddsTheScoreToEachLine) {
  std::string lines;
  for (int i = 0; i < 600; ++i) {
    lines +=
        "{\"id\": " + std::to_string(i) + ", \"text\": \"" + std::string(i % 50, 'x') + "\"}\n";
  }
  std::istringstream in(lines + "\n  \n");
  std::ostringstream out;
  EXPECT_EQ(score_lines(LengthScorer(), "text", in, out, "in"), 600);
  std::istringstream scored(out.str());
  int count = 0;
  for (std::string line; std::getline(scored, line); ++count) {
    const Json object = parse_json(line, "out");
    EXPECT_EQ(object.at("id"), count);
    EXPECT_DOUBLE_EQ(object.at("toxicity").get<double>(), (count % 50) / 100.0);
  }
  EXPECT_EQ(count, 600);
}

TEST(ToxicityScore, RefusesBadLines) {
  const auto refused = [](const std::string& line, const std::string& part) {
    std::istringstream in("{\"text\": \"a\"}\n" + line + "\n");
    std::ostringstream out;
    expect_refusal<FormatError>([&] { score_lines(LengthScorer(), "text", in, out, "in"); }, part);
  };
  refused("{", "in:2");
  refused("7", "in:2");
  refused("{\"txt\": \"a\"}", "text");
  refused("{\"text\": 3}", "text");
  refused("{\"text\": \"a\", \"toxicity\": 0.5}", "toxicity");
  std::istringstream in("{\"text\": \"a\"}\n");
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  expect_refusal<FileError>([&] { score_lines(LengthScorer(), "text", in, out, "in"); },
                            "cannot be written");
}

/// The figures of the model card, on the labels that it names.
TEST(ToxicityHead, TheCommittedOneScoresAsItsCardSays) {
  const std::filesystem::path labels =
      std::filesystem::path(environment("AUSTEER_DATASETS")) / "PerspectiveLabels" / "texts.jsonl";
  const ToxicityHead head =
      load_toxicity_head(testing::project_configs / "toxicity" / "austeer-1.safetensors");
  if (!std::filesystem::exists(labels) ||
      sha256_file(labels) != head.provenance.at("labels_sha256")) {
    GTEST_SKIP() << "AUSTEER_DATASETS is not set, or holds other labels";
  }
  const auto scorer = open_scorer("", testing::project_configs, home_folder());
  const ScorerMetrics found = evaluate_toxicity(*scorer, labels).metrics;
  EXPECT_EQ(found.texts, 1414U);
  EXPECT_NEAR(found.auc, 0.9843, 1e-4);
  EXPECT_NEAR(found.agreement, 0.9392, 1.5 / 1414) << "one text may lie at the threshold";
  EXPECT_NEAR(found.pearson, 0.9474, 1e-4);
  EXPECT_NEAR(found.brier, 0.0557, 1e-4);
}

}  // namespace
}  // namespace austeer
