// Folders as models: how their checkpoints name a decoder's tensors, an unembedding that the config
// did not know of, and what may be missing. Parity with transformers is tested in tests/engine.
#include "models/folder_model.hpp"

#include <gtest/gtest.h>
#include <utility>

#include "base/files.hpp"
#include "captured_log.hpp"
#include "models/decoder.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// A llama of one layer of width 8 and 16 tokens, its names opening with `prefix`.
NamedTensors decoder_tensors(const std::string& prefix) {
  NamedTensors tensors = {{prefix + "embed_tokens.weight", at::rand({16, 8})},
                          {prefix + "norm.weight", at::ones({8})}};
  const std::string layer = prefix + "layers.0.";
  for (const char* name : {"q_proj", "k_proj", "v_proj", "o_proj"}) {
    tensors.emplace_back(layer + "self_attn." + name + ".weight", at::rand({8, 8}));
  }
  tensors.emplace_back(layer + "mlp.gate_proj.weight", at::rand({12, 8}));
  tensors.emplace_back(layer + "mlp.up_proj.weight", at::rand({12, 8}));
  tensors.emplace_back(layer + "mlp.down_proj.weight", at::rand({8, 12}));
  tensors.emplace_back(layer + "input_layernorm.weight", at::ones({8}));
  tensors.emplace_back(layer + "post_attention_layernorm.weight", at::ones({8}));
  return tensors;
}

class Folder : public ::testing::Test {
 protected:
  void write(const NamedTensors& tensors, bool tied = true) {
    const Json config = {
        {"model_type", "llama"},       {"num_hidden_layers", 1},  {"hidden_size", 8},
        {"num_attention_heads", 2},    {"intermediate_size", 12}, {"vocab_size", 16},
        {"tie_word_embeddings", tied}, {"rms_norm_eps", 1e-5}};
    write_file(folder_ / "config.json", to_text(config));
    write_safetensors(folder_ / "model.safetensors", tensors);
  }

  Decoder decoder() const {
    const FolderModel model(folder_.path());
    return {model.config(), model, at::kFloat, at::kCPU};
  }

  TemporaryFolder folder_;
};

TEST_F(Folder, EverySpellingOfTheTextPart) {
  for (const std::string prefix : {"model.", "language_model.model.", "model.language_model."}) {
    SCOPED_TRACE(prefix);
    NamedTensors tensors = decoder_tensors(prefix);
    const at::Tensor embedding = tensors.front().second;
    tensors.emplace_back("vision_tower.patch.weight", at::ones({2}));
    write(tensors);
    const testing::CapturedLog log;
    const FolderModel model(folder_.path());
    EXPECT_EQ(log.text().find("info: ") != std::string::npos &&
                  log.text().find("1 tensors beside it") != std::string::npos,
              prefix != "model.")
        << log.text();
    EXPECT_TRUE(model.has("model.norm.weight"));
    EXPECT_TRUE(model.stored("model.embed_tokens.weight").equal(embedding));
    EXPECT_EQ(model.shape("model.layers.0.mlp.up_proj.weight"), (std::vector<std::int64_t>{12, 8}));
    EXPECT_EQ(model.names().size(), tensors.size() - 1) << "pictures' weights are left out";
    EXPECT_EQ(model.tensor_names().stored("model.norm.weight"), prefix + "norm.weight");
    EXPECT_EQ(model.tensor_names().of_decoder(prefix + "norm.weight"), "model.norm.weight");
    EXPECT_FALSE(model.tensor_names().of_decoder("vision_tower.patch.weight").has_value());
    decoder();
  }
}

TEST_F(Folder, AHeadInTheTextPartsSpelling) {
  for (const auto& [prefix, head] :
       {std::pair("language_model.model.", "language_model.lm_head.weight"),
        std::pair("model.language_model.", "lm_head.weight")}) {
    NamedTensors tensors = decoder_tensors(prefix);
    const at::Tensor unembedding = at::rand({16, 8});
    tensors.emplace_back(head, unembedding);
    write(tensors, false);
    EXPECT_TRUE(decoder().head().weight.equal(unembedding)) << prefix;
  }
}

TEST_F(Folder, AHeadThatDiffersFromATiedEmbeddingIsUsed) {
  NamedTensors tensors = decoder_tensors("model.");
  const at::Tensor embedding = tensors.front().second;
  at::Tensor other = embedding.clone();
  other[15][7] += 1;
  tensors.emplace_back("lm_head.weight", other);
  write(tensors);
  {
    const testing::CapturedLog log;
    EXPECT_FALSE(FolderModel(folder_.path()).config().tied_embeddings);
    EXPECT_NE(log.text().find("warning: "), std::string::npos);
    EXPECT_NE(
        log.text().find("a lm_head.weight of its own, of other values or another type: it is used"),
        std::string::npos)
        << log.text();
  }
  EXPECT_TRUE(decoder().head().weight.equal(other));

  // In another dtype it is another tensor; of the same values, it is the embedding.
  tensors.back().second = embedding.to(at::kBFloat16);
  write(tensors);
  EXPECT_FALSE(FolderModel(folder_.path()).config().tied_embeddings);
  tensors.back().second = embedding.clone();
  write(tensors);
  const testing::CapturedLog log;
  EXPECT_TRUE(FolderModel(folder_.path()).config().tied_embeddings);
  EXPECT_EQ(log.text(), "");

  tensors.pop_back();
  tensors.emplace_back("lm_head.weight", at::rand({15, 8}));
  write(tensors);
  expect_refusal<FormatError>([&] { decoder(); },
                              "'lm_head.weight' has a wrong shape; expected [16, 8]");
}

TEST_F(Folder, DtypeIsThatOfTheWeights) {
  NamedTensors tensors = decoder_tensors("model.");
  for (auto& [name, tensor] : tensors) tensor = tensor.to(at::kHalf);
  write(tensors);
  EXPECT_EQ(FolderModel(folder_.path()).config().stored_dtype, "float16");
}

/// An index may name what the decoder does not need.
TEST_F(Folder, NamesOfAnIndexThatNobodyNeeds) {
  const NamedTensors tensors = decoder_tensors("language_model.model.");
  write({});
  std::filesystem::rename(folder_ / "model.safetensors", folder_ / "text.safetensors");
  write_safetensors(folder_ / "text.safetensors", tensors);
  Json map = Json::object();
  for (const auto& [name, tensor] : tensors) map[name] = "text.safetensors";
  map["vision_tower.patch.weight"] = "pictures.safetensors";
  map["language_model.model.layers.0.self_attn.rotary_emb.inv_freq"] = "text.safetensors";
  map["language_model.lm_head.weight"] = "text.safetensors";  // of a tied model
  const auto write_index = [&] {
    write_file(folder_ / safetensors_index, to_text(Json{{"weight_map", map}}));
  };
  write_index();
  {
    const testing::CapturedLog log;
    decoder();
    const std::string part =
        "names 3 tensors that are not there, 'language_model.lm_head.weight' first (missing: "
        "pictures.safetensors)";
    EXPECT_NE(log.text().find(part), std::string::npos) << log.text();
  }
  map["language_model.model.norm.weight"] = "pictures.safetensors";
  write_index();
  expect_refusal<FileError>([&] { decoder(); },
                            "pictures.safetensors is missing, which has the tensor "
                            "'language_model.model.norm.weight'");
}

}  // namespace
}  // namespace austeer
