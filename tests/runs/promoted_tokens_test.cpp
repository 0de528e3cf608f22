// Promoted tokens against `transformers`, where the unit is set to 1 and what follows passed over.

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>

#include "probe_reference.hpp"
#include "runs/unit_probes.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::ProbeReference;

class PromotedTokensOf : public ::testing::TestWithParam<const char*> {
 protected:
  ProbeReference reference_{GetParam()};
  const at::Tensor scores_ = reference_.file.tensor("scores");  // [U, V]
};

/// The scores of all tokens, by id.
at::Tensor by_id(const std::vector<ScoredToken>& tokens) {
  at::Tensor scores = at::full({static_cast<std::int64_t>(tokens.size())},
                               std::numeric_limits<double>::quiet_NaN(), at::kDouble);
  for (const ScoredToken& token : tokens) scores[token.id] = token.score;
  return scores;
}

void expect_sorted(const std::vector<ScoredToken>& tokens, bool descending) {
  EXPECT_TRUE(std::ranges::is_sorted(tokens, [&](const ScoredToken& a, const ScoredToken& b) {
    if (a.score == b.score) return a.id < b.id;
    return descending ? a.score > b.score : a.score < b.score;
  }));
}

TEST_P(PromotedTokensOf, ScoresOfEveryToken) {
  const std::int64_t vocabulary = scores_.size(1);
  const auto found = promoted_tokens(reference_.units, vocabulary, reference_.model);
  ASSERT_EQ(found.size(), reference_.units.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].unit, reference_.units[i]);
    ASSERT_EQ(found[i].promoted.size(), static_cast<std::size_t>(vocabulary));
    ASSERT_EQ(found[i].demoted.size(), static_cast<std::size_t>(vocabulary));
    const at::Tensor expected = scores_[static_cast<std::int64_t>(i)];
    const std::string what = unit_text(found[i].unit);
    testing::expect_close(by_id(found[i].promoted), expected, reference_.tiny.depth(), what);
    testing::expect_close(by_id(found[i].demoted), expected, reference_.tiny.depth(), what);
    expect_sorted(found[i].promoted, true);
    expect_sorted(found[i].demoted, false);
  }
}

TEST_P(PromotedTokensOf, TheFirstOnesAreThoseOfAll) {
  const auto some = promoted_tokens(reference_.units, 5, reference_.model);
  const auto all = promoted_tokens(reference_.units, 1 << 20, reference_.model);
  for (std::size_t i = 0; i < some.size(); ++i) {
    ASSERT_EQ(some[i].promoted.size(), 5U);
    ASSERT_EQ(some[i].demoted.size(), 5U);
    for (std::size_t j = 0; j < 5; ++j) {
      EXPECT_EQ(some[i].promoted[j].id, all[i].promoted[j].id);
      EXPECT_EQ(some[i].demoted[j].id, all[i].demoted[j].id);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, PromotedTokensOf, testing::probed_models,
                         testing::probed_model_name);

TEST(PromotedTokens, KeepTheirSpaceAndLeaveOutRowsWithoutAToken) {
  ProbeReference reference("three_heads");
  reference.use_tokenizer(100);
  const PromotedTokens found = promoted_tokens(reference.units, 1000, reference.model).front();
  ASSERT_EQ(found.promoted.size(), 100U);
  for (const ScoredToken& token : found.promoted) {
    EXPECT_LT(token.id, 100);
    EXPECT_EQ(token.text, " t" + std::to_string(token.id));
  }
}

TEST(PromotedTokens, PackedWeightsHaveColumnsToo) {
  ProbeReference reference("three_heads");
  const testing::TinyModel& packed = testing::tiny_model("nf4_plain_scales");
  const Linear& down = packed.decoder.layers()[0].ffn.down;
  ASSERT_TRUE(down.packed);
  at::Tensor weight = at::empty({down.packed->rows(), down.packed->columns()});
  down.packed->unpack(0, down.packed->rows(), weight);

  reference.model.decoder =
      std::make_unique<Decoder>(read_config(packed.folder),
                                *open_safetensors_checkpoint(packed.folder), at::kFloat, at::kCPU);
  const std::int64_t vocabulary = packed.decoder.config().vocabulary;
  reference.use_tokenizer(vocabulary);
  const UnitName unit{Site::ffn_gate, 0, 5};
  const auto found = promoted_tokens({&unit, 1}, vocabulary, reference.model).front();
  const at::Tensor direction = weight.select(1, 5) * packed.decoder.final_norm();
  testing::expect_close(by_id(found.promoted), packed.decoder.head().weight.mv(direction),
                        packed.decoder.config().width, "nf4");
}

TEST(PromotedTokens, AsJson) {
  const Json json = to_json(PromotedTokens{{Site::ffn, 1, 2}, {{7, 0.5, " a"}}, {{9, -1, "b"}}});
  EXPECT_EQ(json, parse_json(R"({"unit": "ffn:1:2",
                                 "promoted": [{"id": 7, "score": 0.5, "text": " a"}],
                                 "demoted": [{"id": 9, "score": -1.0, "text": "b"}]})",
                             "expected"));
}

TEST(PromotedTokens, RefuseWhatIsNoUnitOfTheModel) {
  const ProbeReference reference("three_heads");
  const auto refuse = [&](const UnitName& unit, const std::string& part) {
    expect_refusal<UsageError>([&] { promoted_tokens({&unit, 1}, 5, reference.model); }, part);
  };
  refuse({std::nullopt, 0, 0}, "expected SITE:LAYER:DIM");
  refuse({Site::ffn, 3, 0}, "3 layers of width 48 at site ffn");
  refuse({Site::ffn_gate, 0, 96}, "ffn_gate:0:96");
  expect_refusal<UsageError>([&] { promoted_tokens({}, 5, reference.model); }, "no unit");
  expect_refusal<UsageError>([&] { promoted_tokens(reference.units, 0, reference.model); },
                             "at least one token");
  const ProbeReference experts("experts");
  const UnitName gate{Site::ffn_gate, 0, 0};
  expect_refusal<UsageError>([&] { promoted_tokens({&gate, 1}, 5, experts.model); }, "experts");
}

}  // namespace
}  // namespace austeer
