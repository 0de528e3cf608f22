#include "exports/affine_plan.hpp"

#include <gtest/gtest.h>

#include "engine/plan_tap.hpp"
#include "exports/control_vector.hpp"
#include "tensors/gguf.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;

DecoderConfig small_config() {
  DecoderConfig config;
  config.model_type = "llama";
  config.layers = 3;
  config.width = 4;
  config.heads = 2;
  config.kv_heads = 1;
  config.head_dim = 2;
  config.ffn_width = 6;
  config.vocabulary = 10;
  return config;
}

Plan plan_with(Edit edit) { return {{std::move(edit)}, Json::object()}; }

TEST(AffinePlan, EditsFollowOneAnother) {
  Plan plan;
  plan.edits = {{Site::ffn, 1, Operation::add, {0, 2}, {3, 4}},
                {Site::ffn, 1, Operation::scale, {0, 1}, {1, -0.5}},
                {Site::ffn, 1, Operation::set, {2}, {7}},
                {Site::attention, 0, Operation::scale, {3}, {0}}};
  const AffinePlan affine = affine_plan(plan, small_config());
  ASSERT_EQ(affine.size(), 1U);  // a factor of 1 changes nothing
  const AffineEdit& edit = affine.at({1, Site::ffn});
  EXPECT_EQ(edit.factor, (std::vector<double>{2, 0.5, 0, 1}));
  EXPECT_EQ(edit.offset, (std::vector<double>{6, 0, 7, 0}));
  EXPECT_EQ(affine_plan(plan_of(affine), small_config()).at({1, Site::ffn}).offset, edit.offset);
}

TEST(AffinePlan, RefusesWhatIsNotLinearOrNotEverywhere) {
  const auto refuses = [](const Edit& edit, const std::string& part) {
    expect_refusal<UsageError>([&] { affine_plan(plan_with(edit), small_config()); }, part);
  };
  refuses({Site::ffn, 1, Operation::directed, {0}, {1}}, "--rule oriented");
  refuses({Site::ffn, 1, Operation::clamp, {0}, {1}, Positions::last_prompt}, "unsteered pass");
  refuses({Site::ffn, 1, Operation::scale, {0}, {1}, Positions::last}, "--positions all");
  refuses({Site::ffn, 1, Operation::scale, {4}, {1}}, "does not fit the model");
  refuses({Site::ffn, 1, Operation::scale, {0}, {0}}, "changes nothing");
}

TEST(ControlVector, IsReadBackAsItWasWritten) {
  Plan plan;
  plan.provenance = {{"method", "caa"}};
  plan.edits = {{Site::layer, 2, Operation::add, {0, 3}, {0.1F, -2}},
                {Site::ffn, 2, Operation::add, {3}, {0.5F}},
                {Site::layer, 1, Operation::add, {1}, {4}}};
  const TemporaryFolder folder;
  write_control_vector(plan, small_config(), folder / "v.gguf");
  const GgufFile file(folder / "v.gguf");
  EXPECT_EQ(file.metadata().required<std::string>("general.architecture"), "controlvector");
  EXPECT_EQ(file.metadata().required<std::string>("controlvector.model_hint"), "llama");
  EXPECT_EQ(file.metadata().required<std::int64_t>("controlvector.layer_count"), 2);
  EXPECT_EQ(file.names(), (std::vector<std::string>{"direction.1", "direction.2"}));
  const AffinePlan affine = affine_plan(read_control_vector(folder / "v.gguf"), small_config());
  EXPECT_EQ(affine.at({1, Site::layer}).offset, (std::vector<double>{0, 4, 0, 0}));
  EXPECT_EQ(affine.at({2, Site::layer}).offset,
            (std::vector<double>{static_cast<double>(0.1F), 0, 0, -1.5}));
}

TEST(ControlVector, RefusesWhatLlamaCppWouldNotDo) {
  const TemporaryFolder folder;
  const auto refuses = [&](const Edit& edit, const DecoderConfig& config, const char* part) {
    expect_refusal<UsageError>(
        [&] { write_control_vector(plan_with(edit), config, folder / "v.gguf"); }, part);
    EXPECT_FALSE(std::filesystem::exists(folder / "v.gguf"));
  };
  refuses({Site::layer, 1, Operation::scale, {0}, {1}}, small_config(), "scales none");
  refuses({Site::layer, 0, Operation::add, {0}, {1}}, small_config(), "after layer 0");
  refuses({Site::attention, 1, Operation::add, {0}, {1}}, small_config(), "--to hf");
  DecoderConfig gemma = small_config();
  gemma.post_norms = true;
  refuses({Site::ffn, 1, Operation::add, {0}, {1}}, gemma, "a norm follows");
}

TEST(ControlVector, OfAnotherModelIsRefused) {
  const TemporaryFolder folder;
  write_control_vector(plan_with({Site::layer, 2, Operation::add, {0}, {1}}), small_config(),
                       folder / "v.gguf");
  const Plan plan = read_control_vector(folder / "v.gguf");
  check_plan(plan, small_config());
  DecoderConfig other = small_config();
  other.layers = 2;
  expect_refusal<UsageError>([&] { check_plan(plan, other); }, "found layer 2");
  for (const std::int64_t width : {2, 8}) {
    other = small_config();
    other.width = width;
    expect_refusal<UsageError>(
        [&] { check_plan(plan, other); },
        "vectors of width " + std::to_string(width) + " at site layer; found 4");
  }
}

}  // namespace
}  // namespace austeer
