// Plans written into weights and adapters, against what `transformers` computes with hooks
// (tests/reference/tiny_models.py), on tiny models of every family.
#include "exports/folding.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "engine/engine.hpp"
#include "engine/plan_tap.hpp"
#include "engine/tiny_model.hpp"
#include "exports/ia3_adapter.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::SteeringCase;
using testing::TemporaryFolder;
using testing::tiny_model;
using testing::TinyModel;

Decoder open_decoder(const std::filesystem::path& folder) {
  return TinyModel::open(FolderModel(folder));
}

/// Whether IA³ and folding can both express it.
bool is_scaling(const SteeringCase& steering) {
  return steering.operation == Operation::scale && steering.positions == Positions::all &&
         steering.site != Site::layer;
}

/// Expects the logits of every text, from `decoder` under `tap`, to be what the reference has. The
/// last text's are those of its answer.
void expect_steered(const TinyModel& model, const SteeringCase& steering, const Decoder& decoder,
                    Tap* tap, double depths, const std::string& what) {
  for (std::size_t i = 0; i < model.texts.size(); ++i) {
    const std::string name = "steered." + steering.key + ".logits." + std::to_string(i);
    testing::expect_close(Engine(decoder).logits(model.texts[i], tap), model.expected(name),
                          static_cast<std::int64_t>(depths * static_cast<double>(model.depth())),
                          what + ", " + name);
  }
}

class EveryFamily : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryFamily, FoldedWeightsDoWhatHooksDo) {
  const TinyModel& model = tiny_model(GetParam());
  int folded = 0;
  for (const SteeringCase& steering : model.cases()) {
    if (!is_scaling(steering)) continue;
    const TemporaryFolder out;
    write_folded_checkpoint(model.plan(steering), model.decoder.config(), model.folder,
                            out / "model");
    expect_steered(model, steering, open_decoder(out / "model"), nullptr, 1, GetParam());
    ++folded;
  }
  EXPECT_EQ(folded, model.decoder.config().experts ? 2 : 3);
}

TEST_P(EveryFamily, AnAdapterReadBackDoesWhatHooksDo) {
  const TinyModel& model = tiny_model(GetParam());
  for (const SteeringCase& steering : model.cases()) {
    if (!is_scaling(steering)) continue;
    const TemporaryFolder out;
    const auto write = [&] {
      write_ia3_adapter(model.plan(steering), model.decoder.config(), "org/tiny", out / "adapter");
    };
    if (steering.site == Site::ffn && model.decoder.config().experts) {
      expect_refusal<UsageError>(write, "Use --to hf");
      continue;
    }
    write();
    const Plan plan = read_ia3_adapter(out / "adapter");
    PlanTap tap(plan, model.decoder);
    expect_steered(model, steering, model.decoder, &tap, 1, GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, EveryFamily,
                         ::testing::Values("grouped_query", "biases", "sharded", "mistral", "qwen2",
                                           "qwen3", "gemma2", "gemma3", "experts",
                                           "gemma3_pictures", "gemma3_pictures_published"),
                         [](const auto& param) { return std::string(param.param); });

/// What a model of `config` gives under `plan` is what the folded one gives without any.
void expect_folded_like_plan(const Plan& plan, const TinyModel& model) {
  const TemporaryFolder out;
  write_folded_checkpoint(plan, model.decoder.config(), model.folder, out / "model");
  const Decoder folded = open_decoder(out / "model");
  PlanTap tap(plan, model.decoder);
  for (const Tokens& text : model.texts) {
    testing::expect_close(Engine(folded).logits(text), Engine(model.decoder).logits(text, &tap),
                          model.depth(), "shifts");
  }
}

Plan shifts(Site site, const std::vector<std::int64_t>& layers) {
  Plan plan;
  for (const std::int64_t layer : layers) {
    plan.edits.push_back({site, layer, Operation::scale, {1, 3}, {0.5F, -2.0F}});
    plan.edits.push_back({site, layer, Operation::add, {0, 3, 5}, {0.3F, -0.2F, 0.7F}});
    plan.edits.push_back({site, layer, Operation::set, {7}, {0.25F}});
  }
  return plan;
}

TEST(FoldedShifts, GoIntoBiasesThatTheFamilyHasOrAccepts) {
  for (const char* name : {"grouped_query", "biases", "sharded", "qwen3", "gemma2", "experts",
                           "gemma3_pictures", "gemma3_pictures_published"}) {
    SCOPED_TRACE(name);
    expect_folded_like_plan(shifts(Site::attention, {0, 1}), tiny_model(name));
  }
  for (const char* name : {"grouped_query", "biases", "sharded"}) {
    SCOPED_TRACE(name);
    expect_folded_like_plan(shifts(Site::ffn, {1}), tiny_model(name));
  }
}

TEST(FoldedShifts, OfTheResidualStreamGoIntoTheBiasOfTheLastMatrix) {
  Plan plan;
  plan.edits.push_back({Site::layer, 1, Operation::add, {0, 2}, {0.5F, -0.5F}});
  expect_folded_like_plan(plan, tiny_model("grouped_query"));
  expect_refusal<UsageError>([&] { expect_folded_like_plan(plan, tiny_model("gemma2")); },
                             "a norm follows the FFN");
}

TEST(FoldedShifts, AreRefusedWhereTheFamilyHasNoBias) {
  expect_refusal<UsageError>(
      [] { expect_folded_like_plan(shifts(Site::attention, {0}), tiny_model("mistral")); },
      "needs a bias, which mistral has none of");
  expect_refusal<UsageError>(
      [] { expect_folded_like_plan(shifts(Site::ffn_gate, {0}), tiny_model("grouped_query")); },
      "multiplied by the FFN's other half");
  expect_refusal<UsageError>(
      [] { expect_folded_like_plan(shifts(Site::layer, {0}), tiny_model("grouped_query")); },
      "no single matrix writes");
}

TEST(FoldedCheckpoint, KeepsShardsOrderDtypesAndOtherFiles) {
  const TinyModel& model = tiny_model("sharded");
  const TemporaryFolder out;
  const std::vector<std::string> changed = write_folded_checkpoint(
      shifts(Site::attention, {0}), model.decoder.config(), model.folder, out / "model");
  const auto before = safetensors_shards(model.folder), after = safetensors_shards(out / "model");
  ASSERT_GT(before.size(), 1U);
  ASSERT_EQ(after.size(), before.size());
  const auto old = open_safetensors_checkpoint(model.folder);
  const auto fresh = open_safetensors_checkpoint(out / "model");
  for (const std::string& name : old->names()) {
    EXPECT_EQ(fresh->stored(name).scalar_type(), old->stored(name).scalar_type());
    const bool steered = name == "model.layers.0.self_attn.o_proj.weight";
    EXPECT_EQ(!fresh->stored(name).equal(old->stored(name)), steered) << name;
  }
  // Every layer's four projections have got a bias, which is 0 but for the steered one's.
  EXPECT_EQ(fresh->names().size(), old->names().size() + 4 * 4);
  EXPECT_EQ(changed.size(), 4U * 4 + 1);
  EXPECT_FALSE(std::filesystem::exists(out / "model" / "reference.safetensors"));
  expect_refusal<UsageError>(
      [&] {
        write_folded_checkpoint(shifts(Site::attention, {0}), model.decoder.config(), model.folder,
                                out / "model");
      },
      "is not empty");
}

TEST(FoldedCheckpoint, NamesWhatItChangedAndNothingElse) {
  const TinyModel& model = tiny_model("biases");
  const auto changed_by = [&](Site site, Operation operation) {
    const TemporaryFolder out;
    const Plan plan{{{site, 1, operation, {2}, {0.5F}}}, Json::object()};
    return write_folded_checkpoint(plan, model.decoder.config(), model.folder, out / "model");
  };
  const std::string output = "model.layers.1.self_attn.o_proj",
                    down = "model.layers.1.mlp.down_proj";
  using Names = std::vector<std::string>;
  EXPECT_EQ(changed_by(Site::attention, Operation::scale), Names{output + ".weight"});
  EXPECT_EQ(changed_by(Site::attention, Operation::add), Names{output + ".bias"});
  EXPECT_EQ(changed_by(Site::ffn_gate, Operation::scale), Names{down + ".weight"});
  EXPECT_EQ(changed_by(Site::ffn, Operation::add), Names{down + ".bias"});
  Names both = changed_by(Site::ffn, Operation::scale);
  std::ranges::sort(both);
  EXPECT_EQ(both, (Names{down + ".bias", down + ".weight"}));
}

TEST(FoldedCheckpoint, HalfPrecisionIsRoundedOnce) {
  const TinyModel& model = tiny_model("bfloat16");
  Plan plan;
  plan.edits.push_back({Site::attention, 0, Operation::scale, {2}, {0.3F}});
  const TemporaryFolder out;
  write_folded_checkpoint(plan, model.decoder.config(), model.folder, out / "model");
  const std::string name = "model.layers.0.self_attn.o_proj.weight";
  const at::Tensor old = open_safetensors_checkpoint(model.folder)->stored(name);
  const at::Tensor fresh = open_safetensors_checkpoint(out / "model")->stored(name);
  ASSERT_EQ(fresh.scalar_type(), at::kBFloat16);
  const double factor = 1.0 + static_cast<double>(0.3F);
  EXPECT_TRUE(
      fresh.select(1, 2).equal((old.select(1, 2).to(at::kDouble) * factor).to(at::kBFloat16)));
  EXPECT_TRUE(fresh.select(1, 3).equal(old.select(1, 3)));
}

TEST(FoldedCheckpoint, FourBitWeightsAreRefused) {
  const auto& model = tiny_model("nf4_llama");
  Plan plan;
  plan.edits.push_back({Site::attention, 0, Operation::scale, {2}, {0.3F}});
  const TemporaryFolder out;
  expect_refusal<UsageError>(
      [&] { write_folded_checkpoint(plan, model.decoder.config(), model.folder, out / "model"); },
      "Use --to ia3");
  EXPECT_FALSE(std::filesystem::exists(out / "model"));
}

}  // namespace
}  // namespace austeer
