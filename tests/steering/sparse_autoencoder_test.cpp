// The forms of sparse autoencoders but SAELens' against NumPy
// (tests/reference/sparse_autoencoders.py), and files that are not what they should be.
#include "steering/sparse_autoencoder.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>

#include "base/json.hpp"
#include "steering/autoencoders.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::autoencoder_path;
using testing::expect_close;
using testing::expect_refusal;
using testing::reference_file;
using testing::TemporaryFolder;
using NamedTensors = std::map<std::string, at::Tensor>;

struct Form {
  std::string path;
  std::string expected;  ///< names the expected tensors
  std::string form;
  std::optional<std::int64_t> layer;
};

TEST(SparseAutoencoder, EveryFormGivesTheAtomsOfTheReference) {
  const SafetensorsFile expected = reference_file("autoencoders/expected.safetensors");
  const at::Tensor x = expected.tensor("x");
  const Form forms[] = {{"gemma_scope/params.npz", "gemma_scope", "gemma_scope", {}},
                        {"gemma_scope/deflated.npz", "gemma_scope", "gemma_scope", {}},
                        {"trained.safetensors", "gemma_scope", "austeer", 3},
                        {"llama_scope", "llama_scope", "llama_scope", 3},
                        {"llama_scope_norms", "llama_scope_norms", "llama_scope", 3}};
  for (const Form& form : forms) {
    SCOPED_TRACE(form.path);
    const OpenedAutoencoder opened = open_sparse_autoencoder(autoencoder_path(form.path));
    EXPECT_EQ(opened.form, form.form);
    EXPECT_EQ(opened.layer, form.layer);
    EXPECT_EQ(opened.sha256.size(), 64u);
    EXPECT_EQ(opened.autoencoder.width(), 24);
    EXPECT_EQ(opened.autoencoder.atoms(), 96);
    expect_close(opened.autoencoder.decoder(), expected.tensor(form.expected + ".decoder"), 1,
                 "decoder");
    const at::Tensor atoms = expected.tensor(form.expected + ".activations");
    ASSERT_GT(x.size(0), 1024) << "more than a block";
    const at::Tensor found = opened.autoencoder.activations(x);
    EXPECT_TRUE(found.gt(0).equal(atoms.gt(0))) << "other atoms are active";
    expect_close(found, atoms, 24, "atoms");
    EXPECT_GT(atoms.gt(0).to(at::kDouble).mean().item<double>(), 0.02) << "some are active";
    // Half-precision activations are taken as they are.
    const at::Tensor half = x.narrow(0, 0, 5).to(at::kBFloat16);
    EXPECT_TRUE(opened.autoencoder.activations(half).equal(
        opened.autoencoder.activations(half.to(at::kFloat))));
  }
}

/// Three atoms of width 2.
SparseAutoencoderParts small_parts() {
  return {at::tensor({1.0F, 0.0F, 1.0F, 0.0F, 1.0F, 1.0F}).view({2, 3}),
          at::tensor({0.0F, 0.5F, 0.0F}), at::tensor({1.0F, -2.0F, 0.0F}),
          at::ones({3, 2}, at::kFloat)};
}

TEST(SparseAutoencoder, AnAtomIsActiveAboveItsThresholdAndAboveZero) {
  const SparseAutoencoder autoencoder(small_parts(), "x");
  // z = (x0, x1 + 0.5, x0 + x1); thresholds 1, -2, 0
  const at::Tensor x =
      at::tensor({1.0F, 1.0F, 1.5F, -1.0F, -3.0F, -2.0F, 2.0F, -2.0F}).view({4, 2});
  const at::Tensor expected =
      at::tensor({0.0F, 1.5F, 2.0F, 1.5F, 0.0F, 0.5F, 0.0F, 0.0F, 0.0F, 2.0F, 0.0F, 0.0F})
          .view({4, 3});
  EXPECT_TRUE(autoencoder.activations(x).equal(expected)) << autoencoder.activations(x);
  EXPECT_EQ(autoencoder.activations(x.narrow(0, 0, 0)).sizes(), (std::vector<std::int64_t>{0, 3}));
}

TEST(SparseAutoencoder, PartsAndActivationsThatDoNotFit) {
  const SparseAutoencoder autoencoder(small_parts(), "my file");
  expect_refusal<UsageError>(
      [&] {
        autoencoder.activations(at::zeros({4, 3}));
      },
      "my file; expected activations of width 2; found [4, 3]");
  const auto with = [](const auto& change) {
    SparseAutoencoderParts parts = small_parts();
    change(parts);
    return [parts] { SparseAutoencoder(parts, "x"); };
  };
  const float infinity = std::numeric_limits<float>::infinity();
  expect_refusal<FormatError>(with([](auto& p) { p.encoder = at::zeros({3}); }), "a matrix");
  expect_refusal<FormatError>(with([](auto& p) { p.encoder_bias = at::zeros({2}); }),
                              "the encoder's bias; expected the shape [3]; found [2]");
  expect_refusal<FormatError>(with([](auto& p) { p.decoder = p.decoder.t(); }),
                              "the decoder; expected the shape [3, 2]; found [2, 3]");
  expect_refusal<FormatError>(with([](auto& p) { p.threshold = at::zeros({3}, at::kInt); }),
                              "floating-point numbers; found Int");
  expect_refusal<FormatError>(with([=](auto& p) { p.encoder[0][1] = infinity; }),
                              "the encoder; expected finite numbers");
  expect_refusal<FormatError>(with([=](auto& p) { p.decoder[2][1] = infinity - infinity; }),
                              "the decoder; expected finite numbers");
}

NamedTensors our_tensors() {
  const SparseAutoencoderParts parts = small_parts();
  return {{"W_enc", parts.encoder},
          {"b_enc", parts.encoder_bias},
          {"threshold", parts.threshold},
          {"W_dec", parts.decoder},
          {"b_dec", at::zeros({2}, at::kFloat)}};
}

TEST(SparseAutoencoder, OurOwnFiles) {
  TemporaryFolder folder;
  const auto path = folder / "a.safetensors";
  const auto open = [&](const NamedTensors& tensors, const std::string& layer) {
    write_safetensors(path, {tensors.begin(), tensors.end()}, {{"layer", layer}});
    return open_sparse_autoencoder(path);
  };
  EXPECT_EQ(open(our_tensors(), "12").layer, 12);
  NamedTensors small_letters = our_tensors();
  for (const std::string name : {"enc", "dec"}) {
    small_letters["w_" + name] = small_letters.extract("W_" + name).mapped();
  }
  EXPECT_TRUE(open(small_letters, "12").autoencoder.decoder().equal(small_parts().decoder));

  for (const auto& [name, tensor] : our_tensors()) {
    NamedTensors fewer = our_tensors();
    fewer.erase(name);
    expect_refusal<FormatError>([&] { open(fewer, "1"); }, "no " + name);
    NamedTensors other = our_tensors();
    other[name] = at::zeros({4}, at::kFloat);
    expect_refusal<FormatError>([&] { open(other, "1"); }, "'" + name + "'");
  }
  for (const std::string layer : {"", "-1", "1x", "99999999999999999999"}) {
    expect_refusal<FormatError>([&] { open(our_tensors(), layer); }, "the layer in its metadata");
  }
  expect_refusal<UsageError>([&] { open_sparse_autoencoder(folder / "a.pt"); }, "a.pt");
  expect_refusal<FileError>([&] { open_sparse_autoencoder(folder / "b.safetensors"); },
                            "b.safetensors");
}

/// A copy of the reference's LlamaScope folder with other values in its hyperparams.json.
struct LlamaScopeCopy {
  TemporaryFolder folder;
  Json config = read_json(autoencoder_path("llama_scope/hyperparams.json"));

  LlamaScopeCopy() {
    std::filesystem::create_directory(folder / "checkpoints");
    std::filesystem::copy(autoencoder_path("llama_scope/checkpoints/final.safetensors"),
                          folder / "checkpoints/final.safetensors");
  }
  void expect_refused(const std::string& key, const Json& value, const std::string& part) const {
    SCOPED_TRACE(key);
    Json changed = config;
    changed[key] = value;
    write_file(folder / "hyperparams.json", changed.dump());
    expect_refusal<FormatError>([&] { open_sparse_autoencoder(folder.path()); }, part);
  }
};

TEST(SparseAutoencoder, LlamaScopeConfigurationsThatMeanSomethingElse) {
  const LlamaScopeCopy copy;
  copy.expect_refused("act_fn", "topk", "jumprelu");
  copy.expect_refused("norm_activation", "token-wise", "dataset-wise");
  copy.expect_refused("apply_decoder_bias_to_pre_encoder", true, "apply_decoder_bias");
  copy.expect_refused("use_glu_encoder", true, "use_glu_encoder");
  copy.expect_refused("hook_point_in", "blocks.3.ln2.hook_normalized", "blocks.N.hook_resid_post");
  copy.expect_refused("hook_point_in", "blocks.-3.hook_resid_post", "blocks.N.hook_resid_post");
  copy.expect_refused("hook_point_out", "blocks.3.hook_mlp_out", "hook_point_out");
  copy.expect_refused("jump_relu_threshold", -0.5, "a number above 0");
  copy.expect_refused("jump_relu_threshold", "x", "jump_relu_threshold");
  copy.expect_refused("dataset_average_activation_norm", {{"in", 0}}, "a number above 0");
  copy.expect_refused("dataset_average_activation_norm", Json::object(), "'in'");
  copy.expect_refused("d_model", 25, "'encoder.weight'; expected [96, 25]; found [96, 24]");
  copy.expect_refused("d_model", 0, "a number above 0");
}

TEST(SparseAutoencoder, LlamaScopeWeightsThatAreNotThere) {
  const LlamaScopeCopy copy;
  const auto weights = copy.folder / "checkpoints/final.safetensors";
  write_file(copy.folder / "hyperparams.json", copy.config.dump());
  EXPECT_EQ(open_sparse_autoencoder(copy.folder.path()).layer, 3);
  NamedTensors tensors;
  {
    const SafetensorsFile file(weights);
    for (const auto& [name, entry] : file.header().tensors) {
      tensors[name] = file.tensor(name).clone();
    }
  }
  ASSERT_EQ(tensors.size(), 4u);
  for (const auto& [name, tensor] : tensors) {
    NamedTensors fewer = tensors;
    fewer.erase(name);
    write_safetensors(weights, {fewer.begin(), fewer.end()});
    expect_refusal<FormatError>([&] { open_sparse_autoencoder(copy.folder.path()); },
                                "expected " + name);
  }
  std::filesystem::remove(weights);
  expect_refusal<FileError>([&] { open_sparse_autoencoder(copy.folder.path()); },
                            "final.safetensors");
}

}  // namespace
}  // namespace austeer
