// all-MiniLM-L6-v2 against `transformers`, which runs each text by itself.
#include "models/sentence_encoder.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <cmath>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "encoder_reference.hpp"
#include "reference.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_close;
using testing::expect_refusal;
using testing::reference_file;
using testing::TemporaryFolder;

constexpr std::int64_t layers = 6;
constexpr std::int64_t width = 384;

/// Sums of up to 1536 products, three times a layer.
constexpr std::int64_t rounding_depth = 64;

std::filesystem::path model_folder() {
  return std::filesystem::path(AUSTEER_REFERENCE_DIR) / "minilm";
}

std::vector<std::string> texts() { return testing::reference_texts("minilm_texts.jsonl"); }

class MiniLm : public ::testing::Test {
 protected:
  static const SentenceEncoder& encoder() {
    reference_file("minilm.safetensors");  // says what to run where it is missing
    static const SentenceEncoder one(model_folder());
    return one;
  }
};

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

TEST_F(MiniLm, EmbeddingsAreThoseOfThePackageTo1eMinus5) {
  const auto reference = reference_file("minilm.safetensors");
  const std::vector<std::string> all = texts();
  ASSERT_GE(all.size(), 200u);
  const at::Tensor embeddings = encoder().embed(all);
  EXPECT_LT(largest_difference(embeddings, reference.tensor("embeddings")), 1e-5);
  EXPECT_LT(largest_difference(embeddings.norm(2, {1}), at::ones({embeddings.size(0)})), 1e-6);
}

TEST_F(MiniLm, PooledStatesAreThoseOfEveryLayer) {
  const at::Tensor expected =
      reference_file("minilm.safetensors").tensor("pooled").view({-1, layers + 1, 2, width});
  const std::vector<std::string> all = texts();
  const at::Tensor found = encoder().pooled_states(all, layers).view({-1, layers + 1, 2, width});
  expect_close(found, expected, rounding_depth, "all layers");

  const at::Tensor first_two = encoder().pooled_states(all, 2).view({-1, 3, 2, width});
  expect_close(first_two, expected.narrow(1, 0, 3), rounding_depth, "two layers");
  const at::Tensor none = encoder().pooled_states(all, 0).view({-1, 1, 2, width});
  expect_close(none, expected.narrow(1, 0, 1), rounding_depth, "embeddings alone");
}

TEST_F(MiniLm, ATextIsTheSameInAnyCompany) {
  const std::vector<std::string> all = texts();
  const at::Tensor together = encoder().embed(all);
  for (std::size_t i = 0; i < all.size(); i += 17) {
    const at::Tensor alone = encoder().embed({&all[i], 1});
    EXPECT_LT(largest_difference(alone[0], together[static_cast<std::int64_t>(i)]), 1e-6) << i;
  }
}

TEST_F(MiniLm, WhatIsBeyondTheLongestTextIsNotRead) {
  std::string words;
  for (int i = 0; i < 254; ++i) words += "word ";
  const std::vector<std::string> pair = {words, words + "and more, which nobody reads"};
  const at::Tensor both = encoder().embed(pair);
  EXPECT_LT(largest_difference(both[0], both[1]), 1e-6);
}

TEST_F(MiniLm, HalfPrecisionPointsTheSameWay) {
  const SentenceEncoder half(model_folder(), at::kBFloat16);
  const at::Tensor expected = reference_file("minilm.safetensors").tensor("embeddings");
  const at::Tensor cosines = (half.embed(texts()) * expected).sum(1);
  // A rounding to bf16 turns a vector by up to 2^-9; at worst those of some sixty steps add up.
  EXPECT_GT(cosines.min().item<double>(), std::cos(60 * std::ldexp(1.0, -9)));
}

TEST_F(MiniLm, NoTextsGiveNoRows) {
  EXPECT_EQ(encoder().embed({}).sizes(), (std::vector<std::int64_t>{0, width}));
  EXPECT_EQ(encoder().pooled_states({}, 1).sizes(), (std::vector<std::int64_t>{0, 4 * width}));
}

TEST_F(MiniLm, RefusesLayersThatAreNotThere) {
  const std::vector<std::string> one = {"a"};
  expect_refusal<UsageError>([&] { encoder().pooled_states(one, 7); }, "has 6 layers, not 7");
  expect_refusal<UsageError>([&] { encoder().pooled_states(one, -1); }, "has 6 layers, not -1");
}

TEST_F(MiniLm, NearestOthersAreThoseOfFloat64) {
  const auto reference = reference_file("minilm.safetensors");
  const std::vector<std::size_t> found = nearest_others(encoder().embed(texts()));
  const at::Tensor expected = reference.tensor("nearest");
  const at::Tensor margin = reference.tensor("nearest_margin");
  std::int64_t decided = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    if (margin[row].item<double>() < 1e-5) continue;  // the embeddings' own tolerance
    EXPECT_EQ(found[i], static_cast<std::size_t>(expected[row].item<std::int64_t>())) << i;
    ++decided;
  }
  EXPECT_GT(decided, 180);
}

/// A folder that says how texts are pooled or cut, beside links to the rest of MiniLM.
void link_model(const std::filesystem::path& folder) {
  for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
    std::filesystem::create_symlink(model_folder() / name, folder / name);
  }
}

TEST_F(MiniLm, RefusesAFolderThatAsksForSomethingElse) {
  const TemporaryFolder folder;
  link_model(folder.path());
  const std::string cut = "sentence_bert_config.json";
  write_file(folder / cut, R"({"max_seq_length": 0})");
  expect_refusal<FormatError>([&] { SentenceEncoder{folder.path()}; }, "max_seq_length");
  write_file(folder / cut, R"({"max_seq_length": 2})");
  expect_refusal<FormatError>([&] { SentenceEncoder{folder.path()}; }, "leaves no room");
  write_file(folder / cut, R"({"do_lower_case": true})");
  expect_refusal<FormatError>([&] { SentenceEncoder{folder.path()}; }, "do_lower_case");
  std::filesystem::remove(folder / cut);

  std::filesystem::create_directory(folder / "1_Pooling");
  const std::filesystem::path pooling = folder.path() / "1_Pooling" / "config.json";
  write_file(pooling, R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true})");
  expect_refusal<FormatError>([&] { SentenceEncoder{folder.path()}; }, "pooling_mode_cls_token");
  write_file(pooling, R"({"pooling_mode_mean_tokens": false})");
  expect_refusal<FormatError>([&] { SentenceEncoder{folder.path()}; }, "only the mean");
}

TEST_F(MiniLm, FingerprintsTellModelsApart) {
  const TemporaryFolder folder;
  link_model(folder.path());
  const SentenceEncoder longer(folder.path());
  EXPECT_NE(longer.fingerprint(), encoder().fingerprint()) << "it reads 512 tokens of a text";
  EXPECT_EQ(SentenceEncoder(folder.path()).fingerprint(), longer.fingerprint());
}

TEST(NearestOthers, TakesTheFirstOfEqualRowsInEveryBlock) {
  at::Tensor rows = at::randn({70, 33}, at::make_generator<at::CPUGeneratorImpl>(1));
  rows.div_(rows.norm(2, {1}, true));
  rows = at::cat({rows, rows, rows});
  for (const std::int64_t block_rows : {1, 64, 210, 1000}) {
    const std::vector<std::size_t> found = nearest_others(rows, {}, block_rows * 210);
    ASSERT_EQ(found.size(), 210U);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i], i < 70 ? i + 70 : i % 70) << i << " in blocks of " << block_rows;
    }
  }
}

TEST(NearestOthers, AmongTheFirstRowsAlone) {
  at::Tensor rows = at::randn({50, 33}, at::make_generator<at::CPUGeneratorImpl>(2));
  rows.div_(rows.norm(2, {1}, true));
  at::Tensor cosines = at::mm(rows.to(at::kDouble), rows.to(at::kDouble).t());
  cosines.fill_diagonal_(-2);
  const at::Tensor expected = cosines.narrow(1, 0, 12).argmax(1);
  for (const std::int64_t block : {1, 100, 10000}) {
    const std::vector<std::size_t> found = nearest_others(rows, 12, block);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i], static_cast<std::size_t>(
                              expected[static_cast<std::int64_t>(i)].item<std::int64_t>()))
          << i;
    }
  }
  expect_refusal<UsageError>([&] { nearest_others(rows, 1); }, "among 1 of 50 texts");
  expect_refusal<UsageError>([&] { nearest_others(rows, 51); }, "among 51 of 50 texts");
}

TEST(NearestOthers, RefusesFewerThanTwoRowsAndNan) {
  expect_refusal<UsageError>([] { nearest_others(at::ones({1, 3})); }, "needs two texts, not 1");
  expect_refusal<UsageError>([] { nearest_others(at::ones({0, 3})); }, "needs two texts, not 0");
  expect_refusal<ComputeError>([] { nearest_others(at::full({2, 3}, NAN)); }, "NaN");
}

}  // namespace
}  // namespace austeer
