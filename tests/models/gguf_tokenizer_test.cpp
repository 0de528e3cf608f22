// The tokenizers of GGUF metadata: both kinds, their defaults, and metadata that lies.

#include "models/gguf_tokenizer.hpp"

#include <ATen/ATen.h>
#include <functional>
#include <gtest/gtest.h>
#include <map>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "models/gguf_model.hpp"
#include "reference.hpp"
#include "tensors/gguf_bytes.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::GgufBytes;
using testing::TemporaryFolder;
using Ids = std::vector<TokenId>;

// Value types, as numbered in the file.
constexpr std::uint32_t u32 = 4, i32 = 5, f32 = 6, boolean = 7, text_type = 8, array = 9, u64 = 10,
                        i64 = 11;

/// Writes one value: its type, then the value itself.
using Value = std::function<void(GgufBytes&)>;

template <typename T>
Value scalar(std::uint32_t type, T value) {
  return [=](GgufBytes& bytes) { bytes.number(type).number(value); };
}

Value text(const std::string& value) {
  return [=](GgufBytes& bytes) { bytes.number(text_type).text(value); };
}

Value texts(const std::vector<std::string>& values) {
  return [=](GgufBytes& bytes) {
    bytes.number(array).number(text_type).number(std::uint64_t{values.size()});
    for (const std::string& value : values) bytes.text(value);
  };
}

template <typename T>
Value numbers(std::uint32_t type, const std::vector<T>& values) {
  return [=](GgufBytes& bytes) {
    bytes.number(array).number(type).number(std::uint64_t{values.size()});
    for (const T value : values) bytes.number(value);
  };
}

Value whole(std::int64_t value) { return scalar(i64, value); }
Value flag(bool value) { return scalar(boolean, static_cast<std::uint8_t>(value)); }

using Metadata = std::map<std::string, Value>;

/// <unk> 0, <s> 1, </s> 2, ▁ 3, a 4, b 5, ▁a 6, ab 7.
Metadata sentencepiece() {
  return {{"tokenizer.ggml.model", text("llama")},
          {"tokenizer.ggml.tokens",
           texts({"<unk>", "<s>", "</s>", "\u2581", "a", "b", "\u2581a", "ab"})},
          {"tokenizer.ggml.scores", numbers<float>(f32, {0, 0, 0, -3, -4, -5, -1, -2})},
          {"tokenizer.ggml.token_type", numbers<std::int32_t>(i32, {2, 3, 3, 1, 1, 1, 1, 1})},
          {"tokenizer.ggml.bos_token_id", scalar(u32, std::uint32_t{1})},
          {"tokenizer.ggml.eos_token_id", scalar(u32, std::uint32_t{2})},
          {"tokenizer.ggml.unknown_token_id", scalar(u32, std::uint32_t{0})}};
}

/// <s> 0, a 1, b 2, ab 3.
Metadata byte_level() {
  return {{"tokenizer.ggml.model", text("gpt2")},
          {"tokenizer.ggml.tokens", texts({"<s>", "a", "b", "ab"})},
          {"tokenizer.ggml.token_type", numbers<std::int32_t>(i32, {3, 1, 1, 1})},
          {"tokenizer.ggml.merges", texts({"a b"})},
          {"tokenizer.ggml.bos_token_id", whole(0)},
          {"tokenizer.ggml.eos_token_id", whole(0)}};
}

/// Metadata of a decoder beside `tokenizer`.
Metadata model(Metadata tokenizer) {
  tokenizer["general.architecture"] = text("llama");
  for (const auto& [key, value] : std::map<std::string, std::int64_t>{{"block_count", 1},
                                                                      {"embedding_length", 8},
                                                                      {"attention.head_count", 2},
                                                                      {"feed_forward_length", 12},
                                                                      {"context_length", 64}}) {
    tokenizer["llama." + key] = whole(value);
  }
  tokenizer["llama.attention.layer_norm_rms_epsilon"] = scalar(f32, 1e-5F);
  return tokenizer;
}

class GgufTokenizer : public ::testing::Test {
 protected:
  /// A file of `metadata` and an embedding of those dimensions, in the file's order.
  std::filesystem::path write(const Metadata& metadata,
                              const std::vector<std::uint64_t>& embedding = {8, 8}) {
    GgufBytes bytes = GgufBytes::header(1, metadata.size());
    for (const auto& [key, value] : metadata) value(bytes.text(key));
    std::size_t size = sizeof(float);
    for (const std::uint64_t dimension : embedding) size *= dimension;
    bytes.tensor("token_embd.weight", embedding, 0, 0).data(size, 32, 0);
    write_file(folder_ / "m.gguf", bytes.str());
    return folder_ / "m.gguf";
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

TEST_F(GgufTokenizer, AModelStopsAtTheEndOfATextAndOfATurn) {
  Metadata metadata = model(sentencepiece());
  metadata["tokenizer.ggml.eot_token_id"] = whole(5);
  EXPECT_EQ(GgufModel(write(metadata)).config().stop_tokens, (Ids{2, 5}));
  metadata["tokenizer.ggml.eot_token_id"] = whole(2);
  EXPECT_EQ(GgufModel(write(metadata)).config().stop_tokens, (Ids{2}));
}

TEST_F(GgufTokenizer, AModelScalesItsFrequencies) {
  const auto rope = [&](const Metadata& more) {
    Metadata metadata = model(sentencepiece());
    metadata.insert(more.begin(), more.end());
    return GgufModel(write(metadata)).config().rope;
  };
  const std::string type = "llama.rope.scaling.type", factor = "llama.rope.scaling.factor",
                    older = "llama.rope.scale_linear";
  const Value four = scalar(f32, 4.0F);
  EXPECT_EQ(rope({}).type, "default");
  EXPECT_EQ(rope({{type, text("none")}, {factor, four}}).type, "default");
  for (const Metadata& scaled : std::vector<Metadata>{
           {{type, text("linear")}, {factor, four}}, {{factor, four}}, {{older, four}}}) {
    EXPECT_EQ(rope(scaled).type, "linear");
    EXPECT_EQ(rope(scaled).factor, 4);
  }
  expect_refusal<FormatError>(
      [&] {
        rope({{type, text("linear")}});
      },
      "the metadata key 'llama.rope.scaling.factor' is missing");
  EXPECT_EQ(rope({{"llama.rope.dimension_count", whole(4)}}).type, "default");
  expect_refusal<FormatError>(
      [&] {
        rope({{"llama.rope.dimension_count", whole(2)}});
      },
      "only a part of each head is turned by RoPE");
}

TEST_F(GgufTokenizer, AModelHasARowForEveryToken) {
  EXPECT_EQ(GgufModel(write(model(sentencepiece()))).tokenizer()->size(), 8);
  EXPECT_EQ(GgufModel(write(model(sentencepiece()))).config().stop_tokens, (Ids{2}));
  const GgufModel small(write(model(sentencepiece()), {8, 7}));
  expect_refusal<FormatError>([&] { small.tokenizer(); },
                              "more tokens than the embedding has rows; expected at most 7");
  expect_refusal<FormatError>(
      [&] {
        GgufModel(write(model(sentencepiece()), {8, 2}));
      },
      "'tokenizer.ggml.eos_token_id' has a wrong value");
  expect_refusal<FormatError>([&] { GgufModel(write(model(sentencepiece()), {8})); },
                              "token_embd.weight is no matrix");
}

}  // namespace
}  // namespace austeer
