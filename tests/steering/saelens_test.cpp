// SAELens' folders against NumPy (tests/reference/sparse_autoencoders.py), and settings and weights
// that are refused.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <map>

#include "base/files.hpp"
#include "base/json.hpp"
#include "steering/autoencoders.hpp"
#include "steering/sparse_autoencoder.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::autoencoder_path;
using testing::expect_close;
using testing::expect_refusal;
using testing::reference_file;
using testing::TemporaryFolder;

TEST(SaeLens, EveryArchitectureGivesTheAtomsOfTheReference) {
  const SafetensorsFile expected = reference_file("autoencoders/expected.safetensors");
  // The largest number of active atoms in a row, and the layer that the settings name.
  const std::map<std::string, std::pair<std::int64_t, std::optional<std::int64_t>>> known = {
      {"standard", {96, 3}},       {"finetuned", {96, 3}},   {"topk", {9, 3}},
      {"topk_layer_norm", {5, 3}}, {"topk_scaled", {7, {}}}, {"jumprelu", {96, 3}},
      {"jumprelu_scaled", {96, 3}}};
  for (const auto& [name, facts] : known) {
    SCOPED_TRACE(name);
    const std::string folder = "saelens/" + name;
    const auto tensor = [&](const char* part) { return expected.tensor(folder + "." + part); };
    const OpenedAutoencoder opened = open_sparse_autoencoder(autoencoder_path(folder));
    EXPECT_EQ(opened.form, "saelens");
    EXPECT_EQ(opened.layer, facts.second);
    expect_close(opened.autoencoder.decoder(), tensor("decoder"), 4, "decoder");
    const bool all_rows = facts.first == 96;
    const at::Tensor x = all_rows ? expected.tensor("x") : tensor("x");
    ASSERT_GT(x.size(0), 1024) << "more than a block";
    const at::Tensor found = opened.autoencoder.activations(x);
    expect_close(found, tensor("activations"), 30, "atoms");
    EXPECT_LE(found.gt(0).sum(1).max().item<std::int64_t>(), facts.first);
    EXPECT_GT(found.gt(0).to(at::kDouble).mean().item<double>(), 0.02) << "some are active";
  }
}

TEST(SaeLens, AnInputOfZerosHasFiniteAtoms) {
  for (const char* name : {"jumprelu", "topk_layer_norm"}) {
    const OpenedAutoencoder opened =
        open_sparse_autoencoder(autoencoder_path("saelens/" + std::string(name)));
    EXPECT_TRUE(opened.autoencoder.activations(at::zeros({2, 24})).isfinite().all().item<bool>());
  }
}

/// A copy of one of the reference's folders with other settings or weights.
struct SaeLensCopy {
  TemporaryFolder folder;
  Json config;
  std::map<std::string, at::Tensor> tensors;

  explicit SaeLensCopy(const std::string& name)
      : config(read_json(autoencoder_path("saelens/" + name + "/cfg.json"))) {
    const SafetensorsFile file(autoencoder_path("saelens/" + name + "/sae_weights.safetensors"));
    for (const auto& [key, entry] : file.header().tensors) tensors[key] = file.tensor(key).clone();
  }
  OpenedAutoencoder open(const Json& changes, const std::string& file = "") const {
    Json changed = config;
    if (changes.is_object()) changed.update(changes);
    write_file(folder / "cfg.json", changed.dump());
    write_safetensors(folder / "sae_weights.safetensors", {tensors.begin(), tensors.end()});
    return open_sparse_autoencoder(file.empty() ? folder.path() : folder / file);
  }
  void expect_refused(const Json& changes, const std::string& part) const {
    SCOPED_TRACE(changes.dump());
    expect_refusal<FormatError>([&] { open(changes); }, part);
  }
};

TEST(SaeLens, SettingsThatMeanSomethingElseAreRefusedByTheirKey) {
  const SaeLensCopy copy("standard");
  EXPECT_EQ(copy.open({}).layer, 3);
  for (const char* other : {"gated", "batchtopk", "transcoder"}) {
    copy.expect_refused({{"architecture", other}}, "'architecture'");
  }
  copy.expect_refused({{"activation_fn_str", "tanh-relu"}}, "'activation_fn_str'");
  copy.expect_refused({{"activation_fn_str", "topk"}}, "'k'");
  copy.expect_refused({{"activation_fn_str", "topk"}, {"activation_fn_kwargs", {{"k", 0}}}}, "'k'");
  copy.expect_refused({{"architecture", "topk"}, {"activation_fn_str", "topk"}, {"k", 97}},
                      "at least k, 97");
  copy.expect_refused({{"normalize_activations", "batch_norm"}}, "'normalize_activations'");
  copy.expect_refused({{"normalize_activations", "expected_average_only_in"}},
                      "fold_activation_norm_scaling_factor");
  copy.expect_refused({{"normalize_activations", true}}, "its factor is not in the folder");
  copy.expect_refused({{"rescale_acts_by_decoder_norm", true}}, "'rescale_acts_by_decoder_norm'");
  copy.expect_refused({{"reshape_activations", "hook_z"}}, "'reshape_activations'");
  copy.expect_refused({{"hook_head_index", 4}}, "'hook_head_index'");
  copy.expect_refused({{"hook_point_head_index", 4}}, "'hook_point_head_index'");
  copy.expect_refused({{"hook_name_out", "blocks.3.hook_mlp_out"}}, "a transcoder");
  copy.expect_refused({{"hook_point", "blocks.3.hook_mlp_out"}}, "'hook_point'");
  copy.expect_refused({{"hook_point", "blocks.0.hook_resid_pre"}}, "'hook_point'");
  copy.expect_refused({{"hook_point_layer", 4}}, "'hook_point_layer'");
  copy.expect_refused({{"metadata", {{"hook_name", "blocks.4.hook_resid_post"}}}}, "'hook_name'");
  copy.expect_refused({{"d_in", 25}}, "expected [96, 25]; found [96, 24]");
  copy.expect_refused({{"d_sae", nullptr}}, "'d_sae'");
  copy.expect_refused({{"d_in", -24}}, "'d_in'");
  copy.expect_refused({{"apply_b_dec_to_input", 1}}, "'apply_b_dec_to_input'");
}

TEST(SaeLens, TheInputsScaleIsANumberAboveZero) {
  const SaeLensCopy copy("topk_scaled");
  for (const char* text : {"{\"scaling_factor\": null}", "{\"scaling_factor\": 0}",
                           "{\"scaling_factor\": \"x\"}", "[]", "{"}) {
    write_file(copy.folder / "activation_scaler.json", text);
    copy.expect_refused({}, "activation_scaler.json");
  }
}

TEST(SaeLens, WeightsThatDoNotFitTheSettings) {
  SaeLensCopy copy("finetuned");
  copy.expect_refused({{"architecture", "jumprelu"}}, "expected threshold; found none");
  copy.expect_refused({{"finetuning_scaling_factor", false}},
                      "finetuning_scaling_factor of cfg.json");
  copy.tensors["b_gate"] = at::zeros({96});
  copy.expect_refused({},
                      "does not have; expected W_dec, W_enc, b_dec, b_enc, scaling_factor; found "
                      "b_gate");
  copy.tensors.erase("b_gate");
  copy.tensors["W_enc"] = at::zeros({24, 96}, at::kLong);
  copy.expect_refused({}, "expected floating-point numbers; found Long");
  copy.tensors.erase("W_enc");
  copy.expect_refused({}, "expected W_enc; found none");
}

TEST(SaeLens, SettingsBesideAFileAreReadWithIt) {
  const SaeLensCopy copy("topk");
  copy.open({});
  std::filesystem::rename(copy.folder / "sae_weights.safetensors",
                          copy.folder / "mine.safetensors");
  const OpenedAutoencoder opened = open_sparse_autoencoder(copy.folder / "mine.safetensors");
  EXPECT_EQ(opened.form, "saelens");
  EXPECT_LE(opened.autoencoder.activations(at::randn({9, 24})).gt(0).sum(1).max().item<int>(), 9);
  expect_refusal<FileError>([&] { open_sparse_autoencoder(copy.folder.path()); },
                            "found cfg.json, mine.safetensors");
}

}  // namespace
}  // namespace austeer
