// Scores made elsewhere: joined by the text or its hash, and what is refused.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

TEST(JoinedScores, ByTextAndByHash) {
  const TemporaryFolder folder;
  write_file(folder / "s.jsonl", "{\"text\":\"a\",\"toxicity\":0.9}\n\n{\"text_sha256\":\"" +
                                     sha256("b") + "\",\"toxicity\":0}\n" +
                                     "{\"text\":\"a\",\"toxicity\":0.9,\"note\":\"again\"}");
  const JoinedScores scores(folder / "s.jsonl");
  const std::vector<std::string> texts = {"b", "a", "b"};
  EXPECT_EQ(scores.score(texts), (std::vector<double>{0, 0.9, 0}));
  EXPECT_EQ(scores.description().at("texts"), 2);
  const std::vector<std::string> more = {"a", "c"};
  expect_refusal<FormatError>([&] { scores.score(more); },
                              "no score for the text with the hash " + sha256("c") + ": 'c'");
}

TEST(JoinedScores, MistakesAreRefused) {
  const auto refuse = [](const std::string& lines, const std::string& message) {
    const TemporaryFolder folder;
    write_file(folder / "s.jsonl", lines);
    expect_refusal<FormatError>([&] { JoinedScores(folder / "s.jsonl"); }, message);
  };
  refuse("", "the file holds no scores");
  refuse("\n{\"text\":", "s.jsonl:2: not valid JSON");
  refuse("[1]", "s.jsonl:1; expected an object");
  refuse(R"({"text":"a"})", "the key 'toxicity' is missing");
  refuse(R"({"toxicity":0.5})", "the key 'text_sha256' is missing");
  refuse(R"({"text":"a","toxicity":1.5})", "s.jsonl:1: toxicity is no score");
  refuse(R"({"text":"a","toxicity":-0.1})", "toxicity is no score");
  refuse(R"({"text_sha256":"abc","toxicity":0.5})", "text_sha256 is no hash");
  refuse("{\"text\":\"a\",\"toxicity\":0.5}\n{\"text\":\"a\",\"toxicity\":0.6}",
         "s.jsonl:2: the text has another score above; expected 0.5; found 0.6");
}

}  // namespace
}  // namespace austeer
