// The head's file: kept bit for bit, and refused when it is not what it claims to be.

#include <functional>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "heads.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;
using testing::tiny_head;

TEST(ToxicityHead, IsKeptBitForBit) {
  const TemporaryFolder folder;
  const ToxicityHead head = tiny_head();
  save_toxicity_head(folder / "head.safetensors", head);
  const ToxicityHead loaded = load_toxicity_head(folder / "head.safetensors");
  EXPECT_EQ(loaded.version, "7");
  EXPECT_EQ(loaded.encoder, "tiny");
  EXPECT_EQ(loaded.provenance, head.provenance);
  EXPECT_EQ(loaded.unclear_to, 0.75);
  EXPECT_EQ(loaded.full.layers, 1);
  EXPECT_TRUE(at::equal(loaded.ngrams, head.ngrams));
  EXPECT_TRUE(at::equal(loaded.full.weights, head.full.weights));
  EXPECT_TRUE(at::equal(loaded.quick.mix, head.quick.mix));
  save_toxicity_head(folder / "again.safetensors", loaded);
  EXPECT_EQ(read_file(folder / "head.safetensors"), read_file(folder / "again.safetensors"));
}

TEST(ToxicityHead, StageScoresByHand) {
  ToxicityStage stage;
  stage.weights = at::tensor({1.0F, -1.0F}).view({1, 2});
  stage.intercepts = at::tensor({0.5}, at::kDouble);
  stage.range = at::tensor({-1.0, -1.0, 2.0, 1.0}, at::kDouble).view({2, 2});
  stage.mix = at::tensor({0.1, 1.0, 2.0, 0.01, 0.02, 0.04}, at::kDouble);
  const at::Tensor pooled = at::tensor({2.0F, 1.0F, 9.0F, 1.0F}).view({2, 2});
  const at::Tensor scores = stage.score(pooled, at::tensor({0.5, -7.0}, at::kDouble));
  // Logits 1.5 and 0.5; then 8.5 and -7, clamped to 2 and -1.
  const double first = 0.1 + 1.5 + 2 * 0.5 + 0.01 * 2.25 + 0.02 * 0.75 + 0.04 * 0.25;
  const double second = 0.1 + 2 - 2 + 0.01 * 4 - 0.02 * 2 + 0.04;
  EXPECT_NEAR(scores[0].item<double>(), 1 / (1 + std::exp(-first)), 1e-12);
  EXPECT_NEAR(scores[1].item<double>(), 1 / (1 + std::exp(-second)), 1e-12);
}

void expect_refused(const std::string& part, const std::function<void(ToxicityHead&)>& spoil) {
  const TemporaryFolder folder;
  ToxicityHead head = tiny_head();
  spoil(head);
  save_toxicity_head(folder / "head.safetensors", head);
  expect_refusal<FormatError>([&] { load_toxicity_head(folder / "head.safetensors"); }, part);
}

TEST(ToxicityHead, RefusesWhatDoesNotFit) {
  expect_refused("ngrams is wrong",
                 [](ToxicityHead& head) { head.ngrams = head.ngrams.narrow(0, 0, 100); });
  expect_refused("quick.weights is wrong", [](ToxicityHead& head) { head.quick.layers = 1; });
  expect_refused("full.weights is wrong", [](ToxicityHead& head) {
    head.full.weights = at::zeros({0, 8}, at::kFloat);
  });
  expect_refused("quick.mix is wrong",
                 [](ToxicityHead& head) { head.quick.mix = at::zeros({3}, at::kDouble); });
  expect_refused("full.intercepts is wrong", [](ToxicityHead& head) {
    head.full.intercepts = head.full.intercepts.to(at::kFloat);
  });
  expect_refused("not finite", [](ToxicityHead& head) { head.full.mix[1] = NAN; });
  expect_refused("range has bounds out of order",
                 [](ToxicityHead& head) { head.quick.range[0][1] = 9.0; });
  expect_refused("width", [](ToxicityHead& head) { head.width = 1 << 30; });
  expect_refused("quick_layers", [](ToxicityHead& head) { head.quick.layers = -1; });
  expect_refused("unclear_to", [](ToxicityHead& head) { head.unclear_to = 0.05; });
  expect_refused("unclear_from", [](ToxicityHead& head) { head.unclear_from = -1; });
}

TEST(ToxicityHead, RefusesOtherFiles) {
  const TemporaryFolder folder;
  const auto file = folder / "other.safetensors";
  write_safetensors(file, {{"weight", at::zeros({2})}});
  expect_refusal<FormatError>([&] { load_toxicity_head(file); }, "no toxicity head");
  write_safetensors(file, {{"weight", at::zeros({2})}},
                    {{"schema", "austeer toxicity head 2"}, {"austeer", "{}"}});
  expect_refusal<FormatError>([&] { load_toxicity_head(file); }, "austeer toxicity head 2");
  write_safetensors(file, {{"weight", at::zeros({2})}},
                    {{"schema", "austeer toxicity head 1"}, {"austeer", "{}"}});
  expect_refusal<FormatError>([&] { load_toxicity_head(file); }, "version");
  write_file(file, "no file");
  expect_refusal<FormatError>([&] { load_toxicity_head(file); }, "other.safetensors");
}

TEST(ToxicityHead, RefusesFurtherTensors) {
  const TemporaryFolder folder;
  const auto file = folder / "head.safetensors";
  save_toxicity_head(file, tiny_head());
  const SafetensorsFile saved(file);
  std::vector<std::pair<std::string, at::Tensor>> tensors = {{"more", at::zeros({1})}};
  for (const auto& [name, entry] : saved.header().tensors) {
    tensors.emplace_back(name, saved.tensor(name).clone());
  }
  write_safetensors(folder / "more.safetensors", tensors, saved.header().metadata);
  expect_refusal<FormatError>([&] { load_toxicity_head(folder / "more.safetensors"); },
                              "further tensors");
}

}  // namespace
}  // namespace austeer
