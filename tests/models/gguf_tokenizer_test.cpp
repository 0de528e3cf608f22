// The tokenizers of GGUF metadata: both kinds, their defaults, and metadata that lies.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "captured_log.hpp"
#include "models/gguf_config.hpp"
#include "models/gguf_metadata.hpp"
#include "models/gguf_model.hpp"
#include "reference.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;
using namespace testing::gguf;
using Ids = std::vector<TokenId>;

/// <s> 0, a 1, b 2, ab 3.
Metadata byte_level() {
  return {{"tokenizer.ggml.model", text("gpt2")},
          {"tokenizer.ggml.tokens", texts({"<s>", "a", "b", "ab"})},
          {"tokenizer.ggml.token_type", numbers<std::int32_t>(i32, {3, 1, 1, 1})},
          {"tokenizer.ggml.merges", texts({"a b"})},
          {"tokenizer.ggml.bos_token_id", whole(0)},
          {"tokenizer.ggml.eos_token_id", whole(0)}};
}

class GgufTokenizer : public ::testing::Test {
 protected:
  /// A file of `metadata` and an embedding of those dimensions, in the file's order.
  std::filesystem::path write(const Metadata& metadata,
                              const std::vector<std::uint64_t>& embedding = {8, 8}) {
    return testing::gguf::write_gguf(folder_, metadata, {{"token_embd.weight", embedding}});
  }

  std::unique_ptr<Tokenizer> make(const Metadata& metadata) {
    return make_gguf_tokenizer(GgufFile(write(metadata)));
  }

  /// `metadata` with `value` at `key` is refused.
  void expect_refused(Metadata metadata, const std::string& key, const Value& value,
                      const std::string& part) {
    metadata[key] = value;
    expect_refusal<FormatError>([&] { make(metadata); }, part);
    expect_refusal<FormatError>([&] { make(metadata); }, "m.gguf");
  }

  TemporaryFolder folder_;
};

TEST_F(GgufTokenizer, SentencePieceEqualsItsLibrary) {
  const SafetensorsFile reference =
      testing::reference_file("gguf/sentencepiece/reference.safetensors");
  const GgufModel gguf(reference.path().parent_path() / "model.gguf");
  const auto tokenizer = gguf.tokenizer();
  EXPECT_EQ(tokenizer->size(), gguf.config().vocabulary);
  const Json all = parse_json(reference.header().metadata.at("texts"), "texts");
  ASSERT_GE(all.size(), 5U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto one = all[i].get<std::string>();
    const Ids ids = tokenizer->encode(one);
    EXPECT_EQ(ids, testing::to_tokens(reference.tensor("tokens." + std::to_string(i)))) << one;
    EXPECT_EQ(tokenizer->decode(ids), one);
  }
}

TEST_F(GgufTokenizer, Gemma3EqualsSentencePieceOnTheCorpus) {
  const std::filesystem::path folder =
      testing::reference_file("gemma3/reference.safetensors").path().parent_path();
  const auto tokenizer = make_gguf_tokenizer(GgufFile(folder / "gemma-3-270m-q4_k_m.gguf"));
  const Json corpus = read_json(folder / "corpus.json");
  ASSERT_GE(corpus["texts"].size(), 5000U);
  for (std::size_t i = 0; i < corpus["texts"].size(); ++i) {
    const auto text = corpus["texts"][i].get<std::string>();
    ASSERT_EQ(tokenizer->encode(text), corpus["ids"][i].get<Ids>()) << text;
  }
}

TEST_F(GgufTokenizer, SentencePieceAddsBosAndASpaceUnlessToldOtherwise) {
  Metadata metadata = sentencepiece();
  EXPECT_EQ(make(metadata)->encode("ab"), (Ids{1, 6, 5}));
  metadata["tokenizer.ggml.add_space_prefix"] = flag(false);
  EXPECT_EQ(make(metadata)->encode("ab"), (Ids{1, 7}));
  metadata["tokenizer.ggml.add_bos_token"] = flag(false);
  metadata["tokenizer.ggml.add_eos_token"] = flag(true);
  EXPECT_EQ(make(metadata)->encode("ab"), (Ids{7, 2}));
}

TEST_F(GgufTokenizer, ByteLevelAddsNothingUnlessTold) {
  Metadata metadata = byte_level();
  EXPECT_EQ(make(metadata)->encode("ab"), (Ids{3}));
  metadata["tokenizer.ggml.add_bos_token"] = flag(true);
  EXPECT_EQ(make(metadata)->encode("ab"), (Ids{0, 3}));
}

TEST_F(GgufTokenizer, ByteLevelOfLlama3AddsBosUnlessToldOtherwise) {
  for (const std::string pre : {"llama-bpe", "llama3", "llama-v3"}) {
    Metadata metadata = byte_level();
    metadata["tokenizer.ggml.pre"] = text(pre);
    EXPECT_EQ(make(metadata)->encode("ab"), (Ids{0, 3})) << pre;
    metadata["tokenizer.ggml.add_bos_token"] = flag(false);
    EXPECT_EQ(make(metadata)->encode("ab"), (Ids{3})) << pre;
  }
}

TEST_F(GgufTokenizer, TokensThatAreNotUtf8AreRefused) {
  expect_refused(byte_level(), "tokenizer.ggml.tokens", texts({"<s>", "a", "b", "\xC3"}),
                 "the token 3 is not UTF-8");
  expect_refused(byte_level(), "tokenizer.ggml.merges", texts({"a \xC3"}), "merge 0 names");
}

TEST_F(GgufTokenizer, OtherKindsAreRefused) {
  expect_refused(sentencepiece(), "tokenizer.ggml.model", text("bert"),
                 "the kind of tokenizer is not supported; expected gpt2 or llama; found bert");
}

TEST_F(GgufTokenizer, IdsOutOfRangeAreRefused) {
  const std::int64_t wrapping = (std::int64_t{1} << 32) + 1;
  for (const std::string key : {"bos_token_id", "eos_token_id", "unknown_token_id"}) {
    for (const std::int64_t id : {std::int64_t{-1}, std::int64_t{8}, wrapping}) {
      expect_refused(sentencepiece(), "tokenizer.ggml." + key, whole(id),
                     "'tokenizer.ggml." + key + "' has a wrong value; expected a token, 0 to 7");
    }
  }
  expect_refused(byte_level(), "tokenizer.ggml.eos_token_id", whole(4), "a token, 0 to 3; found 4");
  expect_refused(sentencepiece(), "tokenizer.ggml.bos_token_id", scalar(u64, ~std::uint64_t{0}),
                 "'tokenizer.ggml.bos_token_id' has a wrong value");
  expect_refused(sentencepiece(), "tokenizer.ggml.token_type",
                 numbers<std::int64_t>(i64, {2, 3, 3, 1, 1, wrapping, 1, 1}),
                 "'tokenizer.ggml.token_type' has a wrong value");
}

TEST_F(GgufTokenizer, ListsThatAreMissingOrDoNotFitAreRefused) {
  for (const std::string key : {"tokens", "scores", "token_type"}) {
    Metadata metadata = sentencepiece();
    metadata.erase("tokenizer.ggml." + key);
    expect_refusal<FormatError>([&] { make(metadata); },
                                "the metadata key 'tokenizer.ggml." + key + "' is missing");
  }
  expect_refused(sentencepiece(), "tokenizer.ggml.scores", numbers<float>(f32, {0, 0}),
                 "8 tokens, but 2 token scores");
}

TEST_F(GgufTokenizer, AModelNeedNotHaveARowForEveryToken) {
  EXPECT_EQ(GgufModel(write(model(sentencepiece()))).tokenizer()->size(), 8);
  EXPECT_EQ(GgufModel(write(model(sentencepiece()))).config().stop_tokens, (Ids{2}));
  const GgufModel small(write(model(sentencepiece()), {8, 7}));
  EXPECT_EQ(small.tokenizer()->size(), 8) << "the engine refuses texts with the last one";
  expect_refusal<FormatError>(
      [&] {
        GgufModel(write(model(sentencepiece()), {8, 2}));
      },
      "'tokenizer.ggml.eos_token_id' has a wrong value");
  expect_refusal<FormatError>([&] { GgufModel(write(model(sentencepiece()), {8})); },
                              "token_embd.weight is no matrix");
}

TEST_F(GgufTokenizer, AMissingPreTokenizerIsReadAsGpt2AndSaid) {
  Metadata metadata = byte_level();
  const auto log_of = [&] {
    testing::CapturedLog log;
    make(metadata);
    return log.text();
  };
  const std::string said =
      "no pre-tokenizer at 'tokenizer.ggml.pre', so that texts are cut as GPT-2";
  EXPECT_NE(log_of().find(said), std::string::npos);
  metadata["tokenizer.ggml.pre"] = text("default");
  EXPECT_NE(log_of().find(said), std::string::npos);
  metadata["tokenizer.ggml.pre"] = text("deepseek-r1-qwen");
  EXPECT_EQ(log_of(), "");
  metadata["tokenizer.ggml.pre"] = text("tekken");
  EXPECT_EQ(make(metadata)->encode("ab"), (Ids{0, 3})) << "BOS as in Llama 3";
  expect_refused(metadata, "tokenizer.ggml.pre", text("deepseek-r1-quen"),
                 "did you mean 'deepseek-r1-qwen'?");
}

TEST_F(GgufTokenizer, ABosThatStandsInTheTextIsNotDoubled) {
  Metadata metadata = byte_level();
  metadata["tokenizer.ggml.add_bos_token"] = flag(true);
  const auto tokenizer = make(metadata);
  testing::CapturedLog log;
  EXPECT_EQ(tokenizer->encode("<s>ab"), (Ids{0, 3}));
  EXPECT_EQ(tokenizer->encode("<s>ab<s>"), (Ids{0, 3, 0}));
  const std::string said = log.text();
  EXPECT_NE(said.find("opens with BOS already ('<s>ab"), std::string::npos) << said;
  EXPECT_EQ(said.find("BOS"), said.rfind("BOS")) << "once";
  EXPECT_EQ(make(sentencepiece())->encode("<s>ab"), (Ids{1, 7}));
}

}  // namespace
}  // namespace austeer
