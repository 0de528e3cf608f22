// Plans in other programs' files: adapters that PEFT wrote and control vectors as repeng writes
// them (tests/reference/foreign_plans.py), what austeer exports read back, and files that are no
// plans.
#include "exports/foreign_plan.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "engine/engine.hpp"
#include "engine/plan_tap.hpp"
#include "engine/tiny_model.hpp"
#include "exports/affine_plan.hpp"
#include "exports/control_vector.hpp"
#include "exports/ia3_adapter.hpp"
#include "tensors/gguf.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_close;
using testing::expect_refusal;
using testing::TemporaryFolder;
using testing::tiny_model;
using testing::TinyModel;
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

std::filesystem::path foreign_folder(const std::string& model) {
  return testing::reference_file("foreign/" + model + "/expected.safetensors").path().parent_path();
}

/// Expects the logits of every text under `plan` to be those that the reference has as `name`.
void expect_logits(const std::string& model_name, const Plan& plan, const std::string& name) {
  const TinyModel& model = tiny_model(model_name);
  const SafetensorsFile expected =
      testing::reference_file("foreign/" + model_name + "/expected.safetensors");
  PlanTap tap(plan, model.decoder);
  for (std::size_t i = 0; i < model.texts.size(); ++i) {
    const at::Tensor found = Engine(model.decoder).logits(model.texts[i], &tap);
    const at::Tensor wanted = expected.tensor(name + ".logits." + std::to_string(i));
    expect_close(found, wanted, model.depth(), model_name + ", " + name);
    EXPECT_FALSE(model.expected("logits." + std::to_string(i)).allclose(wanted, 0.1)) << name;
  }
}

class ForeignPlan : public ::testing::TestWithParam<const char*> {};

TEST_P(ForeignPlan, AnAdapterOfPeftDoesWhatPeftDoes) {
  for (const char* adapter : {"inputs", "outputs", "patterns", "untrained_keys"}) {
    const auto plan = read_foreign_plan(foreign_folder(GetParam()) / adapter);
    ASSERT_TRUE(plan.has_value());
    expect_logits(GetParam(), *plan, adapter);
  }
  const Plan inputs = *read_foreign_plan(foreign_folder(GetParam()) / "inputs");
  EXPECT_EQ(inputs.provenance.at("form"), "ia3");
  EXPECT_EQ(inputs.provenance.at("base_model"), "build/reference/tiny/" + std::string(GetParam()));
  expect_logits(GetParam(), strengthened(inputs, 0.5), "half");
}

TEST_P(ForeignPlan, AControlVectorDoesWhatHooksDo) {
  const Plan plan = *read_foreign_plan(foreign_folder(GetParam()) / "vector.gguf");
  expect_logits(GetParam(), strengthened(plan, 1), "vector.1.0");
  expect_logits(GetParam(), strengthened(plan, -0.75), "vector.-0.75");
  EXPECT_EQ(plan.edits.size(), 2U);
  EXPECT_EQ(plan.edits.front().layer, 1);
  EXPECT_EQ(plan.edits.front().operation, Operation::add);
  EXPECT_EQ(strengthened(plan, 3).provenance.at("alpha"), 3);
}

INSTANTIATE_TEST_SUITE_P(Tiny, ForeignPlan, ::testing::Values("grouped_query", "biases", "gemma2"),
                         [](const auto& param) { return std::string(param.param); });

TEST(Adapter, ModulesThatAreNoSitesAreNamed) {
  expect_refusal<UsageError>([] { read_foreign_plan(foreign_folder("grouped_query") / "keys"); },
                             "the output of self_attn.k_proj is no site");
}

/// Units of a plan whose exact values do not matter.
Plan some_units(Operation operation, const std::vector<Site>& sites) {
  Plan plan;
  plan.provenance = {{"k", 3}};
  for (const Site site : sites) {
    plan.edits.push_back({site, 1, operation, {0, 3, 5}, {0.3F, -2.0F, 7.125F}});
    plan.edits.push_back({site, 2, operation, {2}, {-1.0F}});
  }
  return plan;
}

TEST(RoundTrip, AnAdapterComesBackUpToTheRoundingOfItsFactors) {
  const DecoderConfig& config = tiny_model("grouped_query").decoder.config();
  const Plan plan = some_units(Operation::scale, {Site::attention, Site::ffn_gate, Site::ffn});
  const TemporaryFolder out;
  write_ia3_adapter(plan, config, "org/name", out / "adapter");
  const Plan read = *read_foreign_plan(out / "adapter");
  const AffinePlan before = affine_plan(plan, config), after = affine_plan(read, config);
  ASSERT_EQ(after.size(), before.size());
  for (const auto& [place, edit] : before) {
    const AffineEdit& found = after.at(place);
    EXPECT_EQ(found.offset, edit.offset);
    for (std::size_t i = 0; i < edit.factor.size(); ++i) {
      EXPECT_NEAR(found.factor[i], edit.factor[i],
                  2 * std::numeric_limits<float>::epsilon() * (1 + std::abs(edit.factor[i])));
    }
  }
  EXPECT_EQ(read.provenance.at("plan"), plan.provenance);
  EXPECT_EQ(read.provenance.at("widths"), (Json{{"attention", 64}, {"ffn_gate", 96}, {"ffn", 64}}));
}

TEST(RoundTrip, AControlVectorComesBackAsItWas) {
  const DecoderConfig& config = tiny_model("grouped_query").decoder.config();
  const Plan plan = some_units(Operation::add, {Site::layer});
  const TemporaryFolder out;
  write_control_vector(plan, config, out / "v.gguf");
  const Plan read = *read_foreign_plan(out / "v.gguf");
  EXPECT_EQ(read.edits, plan.edits);
  EXPECT_EQ(read.provenance.at("plan"), plan.provenance);
  EXPECT_EQ(read.provenance.at("model_hint"), "llama");
}

TEST(Strength, IsFiniteAndSoAreTheValues) {
  const Plan plan = some_units(Operation::add, {Site::layer});
  EXPECT_EQ(strengthened(plan, -2).edits.at(1).values, (std::vector<float>{2}));
  expect_refusal<UsageError>([&] { strengthened(plan, std::nan("")); }, "alpha is not a number");
  expect_refusal<UsageError>([&] { strengthened(plan, 1e39); }, "beyond float32");
}

struct VectorFile {
  TemporaryFolder folder;
  std::filesystem::path file = folder / "v.gguf";

  void write(const NamedTensors& tensors, const std::string& architecture = "controlvector",
             const std::string& type = "model") const {
    write_gguf(file, {{"general.architecture", architecture}, {"general.type", type}}, tensors);
  }
  template <typename Refusal>
  void expect_refused(const std::string& part) const {
    expect_refusal<Refusal>([&] { read_foreign_plan(file); }, part);
  }
};

TEST(ControlVector, FilesThatAreNone) {
  const VectorFile vector;
  const at::Tensor four = at::ones({4});
  vector.write({{"direction.1", four}}, "llama");
  vector.expect_refused<UsageError>("v.gguf is a model, not a plan");
  vector.write({{"direction.1", four}}, "llama", "adapter");
  vector.expect_refused<UsageError>("v.gguf is a LoRA adapter, not a plan");
  for (const char* name : {"direction", "direction.", "direction.x", "direction.-1", "direction.01",
                           "direction.1.weight", "output.weight"}) {
    vector.write({{name, four}});
    vector.expect_refused<FormatError>("v.gguf: a tensor that is no direction");
  }
  vector.write({{"direction.1", four}, {"direction.2", at::ones({5})}});
  vector.expect_refused<FormatError>("'direction.2' has another width; expected 4; found 5");
  vector.write({{"direction.1", at::ones({2, 2})}});
  vector.expect_refused<FormatError>("'direction.1' has a wrong shape");
  vector.write({{"direction.1", at::zeros({4})}});
  vector.expect_refused<FormatError>("v.gguf: it changes nothing");
  vector.write({});
  vector.expect_refused<FormatError>("v.gguf: it changes nothing");
  vector.write({{"direction.1", four * std::numeric_limits<float>::infinity()}});
  vector.expect_refused<FormatError>("the value of dim 0 is inf");
}

TEST(ControlVector, TruncatedFilesAreNamed) {
  const VectorFile vector;
  vector.write({{"direction.1", at::ones({64})}});
  const std::string whole = read_file(vector.file);
  for (std::size_t size = 4; size < whole.size(); size += 7) {
    write_file(vector.file, whole.substr(0, size));
    vector.expect_refused<FormatError>("v.gguf");
  }
}

TEST(ControlVector, AVectorAfterTheFirstLayerIsTaken) {
  const VectorFile vector;
  vector.write({{"direction.0", at::ones({4})}});
  EXPECT_EQ(read_foreign_plan(vector.file)->edits.front().layer, 0);
}

/// A folder like an adapter's.
struct AdapterFolder {
  TemporaryFolder folder;
  Json config = {{"peft_type", "IA3"},
                 {"base_model_name_or_path", "org/base"},
                 {"feedforward_modules", {"o_proj"}}};

  static std::string tensor(const std::string& module) {
    return "base_model.model.model.layers.1." + module + ".ia3_l";
  }
  void write(const NamedTensors& tensors) const {
    write_file(folder / "adapter_config.json", config.dump());
    write_safetensors(folder / "adapter_model.safetensors", tensors);
  }
  template <typename Refusal>
  void expect_refused(const std::string& part) const {
    expect_refusal<Refusal>([&] { read_foreign_plan(folder.path()); }, part);
  }
};

TEST(Adapter, SettingsThatMeanSomethingElse) {
  AdapterFolder adapter;
  const NamedTensors good = {{AdapterFolder::tensor("self_attn.o_proj"), at::full({1, 4}, 2.0)}};
  adapter.write(good);
  EXPECT_EQ(
      read_foreign_plan(adapter.folder.path())->edits,
      (std::vector<Edit>{{Site::attention, 1, Operation::scale, {0, 1, 2, 3}, {1, 1, 1, 1}}}));
  adapter.config["feedforward_modules"] = Json::array();
  adapter.write(good);
  adapter.expect_refused<FormatError>("contradicts feedforward_modules");
  adapter.config["feedforward_modules"] = nullptr;
  adapter.config["modules_to_save"] = {"lm_head"};
  adapter.write(good);
  adapter.expect_refused<UsageError>("modules_to_save: the adapter also brings whole modules");
  adapter.config["peft_type"] = "LORA";
  adapter.write(good);
  adapter.expect_refused<UsageError>("Merge it into its model, org/base");
  adapter.config.erase("peft_type");
  adapter.write(good);
  adapter.expect_refused<FormatError>("peft_type");
}

TEST(Adapter, WeightsThatAreNone) {
  AdapterFolder adapter;
  adapter.config.erase("feedforward_modules");
  const auto refused = [&](const std::string& name, const at::Tensor& factors, const char* part) {
    adapter.write({{name, factors}});
    adapter.expect_refused<FormatError>(part);
  };
  const std::string output = AdapterFolder::tensor("self_attn.o_proj");
  const at::Tensor row = at::full({1, 4}, 2.0);
  for (const char* name : {"base_model.model.ia3_l", "model.layers.1.self_attn.o_proj.ia3_l",
                           "base_model.model.model.layers.x.self_attn.o_proj.ia3_l",
                           "base_model.model.model.layers.1.ia3_l",
                           "base_model.model.vision_tower.layers.1.mlp.down_proj.ia3_l",
                           "base_model.model.model.layers.1.self_attn.o_proj.lora_A.weight"}) {
    refused(name, row, "is no vector of a decoder layer");
  }
  refused(output, at::ones({4}), "has a wrong shape or type");
  refused(output, at::ones({2, 2}), "has a wrong shape or type");
  refused(output, at::ones({1, 0}), "has a wrong shape or type");
  refused(output, at::ones({1, 4}, at::kLong), "has a wrong shape or type");
  refused(output, at::ones({1, 4}), "it changes nothing");
  refused(output, row * std::numeric_limits<float>::quiet_NaN(), "the value of dim 0 is nan");
  adapter.write({{output, at::full({4, 1}, 2.0)}});
  adapter.expect_refused<UsageError>("the output of self_attn.o_proj is no site");
  adapter.write({{AdapterFolder::tensor("mlp.down_proj"), at::full({1, 6}, 2.0)},
                 {AdapterFolder::tensor("mlp.up_proj"), at::full({5, 1}, 2.0)}});
  adapter.expect_refused<FormatError>("has another width");
  // The two halves of the FFN's product are scaled together.
  adapter.write({{AdapterFolder::tensor("mlp.down_proj"), at::full({1, 6}, 2.0)},
                 {AdapterFolder::tensor("mlp.up_proj"), at::full({6, 1}, 3.0)}});
  EXPECT_EQ(read_foreign_plan(adapter.folder.path())->edits.front().values,
            (std::vector<float>(6, 5)));
  std::filesystem::remove(adapter.folder / "adapter_model.safetensors");
  adapter.expect_refused<FileError>("Is the download complete?");
  write_file(adapter.folder / "adapter_model.bin", "");
  adapter.expect_refused<FileError>("safetensors.torch.save_file(torch.load(");
}

TEST(OtherKinds, AreNoPlansAndSaidToBeWhatTheyAre) {
  const TemporaryFolder folder;
  const auto refused = [&](const char* part) {
    expect_refusal<UsageError>([&] { read_foreign_plan(folder.path()); }, part);
  };
  refused("is no plan");
  write_file(folder / "cfg.json", "{}");
  refused("is a sparse autoencoder, not a plan");
  write_file(folder / "manifest.json", "{}");
  refused("is an activation cache, not a plan");
  write_file(folder / "config.json", "{}");
  refused("Name a model with --model");
  EXPECT_EQ(read_foreign_plan(folder / "config.json"), std::nullopt);
  write_file(folder / "adapter_config.json", "{}");
  write_file(folder / "adapter_model.safetensors", "");
  expect_refusal<UsageError>([&] { read_foreign_plan(folder / "adapter_model.safetensors"); },
                             "Pass its folder");
}

}  // namespace
}  // namespace austeer
