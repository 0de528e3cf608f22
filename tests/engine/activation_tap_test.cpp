// The tap behind `collect`: what it reads of packed texts, against every row that a recorder sees
// of each text alone.
#include "engine/activation_tap.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "models/config.hpp"
#include "recorder.hpp"
#include "reference.hpp"
#include "tensors/checkpoint.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

const std::vector<SiteReading> every_kind = {
    {.site = Site::layer},
    {.site = Site::layer, .positions = ReadPositions::answer_mean},
    {.site = Site::layer, .positions = ReadPositions::answer_all, .layers = {0, 2}},
    {.site = Site::ffn_gate, .positions = ReadPositions::answer_all},
    {.site = Site::attention, .positions = ReadPositions::answer_mean, .layers = {1}},
    {.site = Site::ffn, .positions = ReadPositions::last, .layers = {0, 1}}};

class Reading : public ::testing::Test {
 protected:
  static Decoder load(const std::string& model, at::ScalarType dtype) {
    const std::filesystem::path folder = std::filesystem::path(AUSTEER_REFERENCE_DIR) / "tiny";
    return {read_config(folder / model), *open_safetensors_checkpoint(folder / model), dtype,
            at::kCPU};
  }

  void SetUp() override {
    const SafetensorsFile reference =
        testing::reference_file("tiny/grouped_query/reference.safetensors");
    while (reference.has("tokens." + std::to_string(texts_.size()))) {
      texts_.push_back(
          testing::to_tokens(reference.tensor("tokens." + std::to_string(texts_.size()))));
    }
    ASSERT_GE(texts_.size(), 4U);
    // By turns the whole text, all but its first token, its second half, its last token.
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      const std::size_t tokens = texts_[i].size();
      const std::size_t begins[] = {0, 1, tokens / 2, tokens - 1};
      first_.push_back(std::min(begins[i % 4], tokens - 1));
    }
  }

  std::vector<Tokens> texts_;
  std::vector<std::size_t> first_;
};

/// What `reading` takes of a text with the activations `all` [layers, T, width]: [rows, kept
/// layers, width].
at::Tensor expected_of(const SiteReading& reading, const at::Tensor& all, std::size_t first) {
  at::Tensor kept = all;
  if (!reading.layers.empty()) kept = all.index_select(0, at::tensor(reading.layers, at::kLong));
  const at::Tensor rows = kept.transpose(0, 1);  // [T, kept layers, width]
  if (reading.positions == ReadPositions::last) return rows.slice(0, -1);
  const at::Tensor answer = rows.slice(0, static_cast<std::int64_t>(first));
  if (reading.positions == ReadPositions::answer_all) return answer;
  return answer.to(at::kDouble).mean(0, true);
}

TEST_F(Reading, IsWhatARecorderSees) {
  for (const char* model : {"grouped_query", "gemma2", "qwen3"}) {
    const Decoder decoder = load(model, at::kFloat);
    ASSERT_GE(decoder.config().layers, 3);
    std::vector<std::vector<at::Tensor>> expected(every_kind.size());
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      testing::Recorder recorder;
      Engine(decoder).logits(texts_[i], &recorder);
      for (std::size_t j = 0; j < every_kind.size(); ++j) {
        expected[j].push_back(
            expected_of(every_kind[j], recorder.stacked(every_kind[j].site), first_[i]));
      }
    }
    for (const std::int64_t batch_tokens : {1, 30, 4096}) {
      ActivationTap tap(decoder, every_kind, texts_, first_);
      Engine(decoder, {batch_tokens}).read(texts_, tap, first_);
      for (std::size_t j = 0; j < every_kind.size(); ++j) {
        testing::expect_close(tap.activations(j), at::cat(expected[j]),
                              10 * (decoder.config().layers + 1),
                              std::string(model) + " " + site_reading_name(every_kind[j]));
      }
    }
  }
}

TEST_F(Reading, WantsOnlyWhatItReads) {
  const Decoder decoder = load("grouped_query", at::kFloat);
  const ActivationTap tap(decoder, every_kind, texts_, first_);
  EXPECT_TRUE(tap.wants(Site::layer, 1));
  EXPECT_TRUE(tap.wants(Site::attention, 1));
  EXPECT_FALSE(tap.wants(Site::attention, 0));
  EXPECT_FALSE(tap.wants(Site::ffn, 2));
}

// A sum in bfloat16 stands still at 256: the mean must come from a wider one, and be rounded once.
TEST_F(Reading, MeansAreSummedInAWiderFormat) {
  const Decoder decoder = load("grouped_query", at::kBFloat16);
  const std::int64_t width = decoder.site_width(Site::layer);
  const std::vector<SiteReading> mean = {
      {.site = Site::layer, .positions = ReadPositions::answer_mean, .layers = {0}}};
  const std::vector<Tokens> texts = {Tokens(3000), Tokens(2)};
  const std::vector<std::size_t> first = {1, 1};
  ActivationTap tap(decoder, mean, texts, first);
  Rows rows;
  for (const std::int64_t text : {0, 1}) {
    const auto tokens = static_cast<std::int64_t>(texts[static_cast<std::size_t>(text)].size());
    for (std::int64_t position = 0; position < tokens; ++position) {
      rows.text.push_back(text);
      rows.position.push_back(position);
    }
    rows.last.push_back(static_cast<std::int64_t>(rows.text.size()) - 1);
  }
  at::Tensor activations = at::rand({3002, width}, at::kFloat).add(1).to(at::kBFloat16);
  tap.visit(Site::layer, 0, rows, activations);
  const at::Tensor wide = activations.slice(0, 1, 3000).to(at::kDouble).mean(0);
  const at::Tensor found = tap.activations(0).select(1, 0);
  EXPECT_EQ(found.scalar_type(), at::kBFloat16);
  // One rounding to bfloat16 and, of 2,999 values that are added in float32, at most their count
  // times half its unit.
  EXPECT_LE((found[0].to(at::kDouble) - wide).div(wide).abs().max().item<double>(),
            0x1p-8 + 2999 * 0x1p-24);
  EXPECT_TRUE(at::equal(found[1], activations[3001])) << "the mean of one token is that token";
}

TEST_F(Reading, WhatCannotBeReadIsRefused) {
  const Decoder decoder = load("grouped_query", at::kFloat);
  const std::int64_t layers = decoder.config().layers;
  const std::vector<SiteReading> all = {
      {.site = Site::layer, .positions = ReadPositions::answer_all}};
  ActivationTap tap(decoder, all, texts_, first_);
  expect_refusal<UsageError>([&] { Engine(decoder).read(texts_, tap); },
                             "'s answer is computed; expected");
  expect_refusal<UsageError>([&] { ActivationTap(decoder, all, texts_); },
                             "0 first tokens of answers for");
  first_[2] = texts_[2].size();
  expect_refusal<UsageError>([&] { ActivationTap(decoder, all, texts_, first_); },
                             "text 2 has no answer to read");
  const auto refuse_layers = [&](std::vector<std::int64_t> chosen) {
    const std::vector<SiteReading> readings = {{.site = Site::ffn, .layers = std::move(chosen)}};
    expect_refusal<UsageError>([&] { ActivationTap(decoder, readings, texts_); },
                               "ffn: impossible layers");
  };
  refuse_layers({layers});
  refuse_layers({-1, 0});
  refuse_layers({1, 0});
  refuse_layers({1, 1});
  const Decoder experts = load("experts", at::kFloat);
  expect_refusal<UsageError>(
      [&] { ActivationTap(experts, std::vector<SiteReading>{{.site = Site::ffn_gate}}, texts_); },
      "ffn_gate");
}

TEST(SiteReadings, HaveNames) {
  for (const char* name : {"attention", "layer@answer_mean", "ffn_gate@answer_all"}) {
    EXPECT_EQ(site_reading_name(parse_site_reading(name)), name);
  }
  EXPECT_EQ(site_reading_name(parse_site_reading("ffn@last")), "ffn");
  expect_refusal<UsageError>([] { parse_site_reading("layr@answer_all"); }, "did you mean 'layer'");
  expect_refusal<UsageError>([] { parse_site_reading("layer@answer_al"); },
                             "unknown positions 'answer_al'. did you mean 'answer_all'");
  expect_refusal<UsageError>([] { parse_site_reading("layer@"); }, "unknown positions ''");
}

}  // namespace
}  // namespace austeer
