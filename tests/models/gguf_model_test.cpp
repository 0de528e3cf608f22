// GGUF files as models, against `transformers` with the same dequantised weights: every weight
// under its Hugging Face name, the configuration, the tokenizer.

#include "models/gguf_model.hpp"

#include <gtest/gtest.h>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "reference.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

class TinyGguf : public ::testing::TestWithParam<const char*> {
 protected:
  TinyGguf()
      : reference_(
            testing::reference_file(std::string("gguf/") + GetParam() + "/reference.safetensors")),
        model_(reference_.path().parent_path() / "model.gguf") {}

  SafetensorsFile reference_;
  GgufModel model_;
};

TEST_P(TinyGguf, WeightsInHuggingFaceOrder) {
  std::int64_t compared = 0;
  for (const auto& [name, entry] : reference_.header().tensors) {
    const std::string prefix = "weight.";
    if (!name.starts_with(prefix)) continue;
    const at::Tensor found = model_.load(name.substr(prefix.size()), at::kFloat);
    EXPECT_TRUE(at::equal(found, reference_.tensor(name))) << name;
    ++compared;
  }
  EXPECT_EQ(compared, static_cast<std::int64_t>(model_.names().size()));
}

TEST_P(TinyGguf, VectorsDoNotKeepTheMapping) {
  const std::string name = "model.norm.weight";
  EXPECT_NE(model_.load(name, at::kFloat).const_data_ptr(),
            model_.load(name, at::kFloat).const_data_ptr());
}

TEST_P(TinyGguf, TokensOfTheTexts) {
  const auto tokenizer = model_.tokenizer();
  const Json texts = parse_json(reference_.header().metadata.at("texts"), "texts");
  ASSERT_GE(texts.size(), 4U);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(tokenizer->encode(texts[i].get<std::string>()),
              testing::to_tokens(reference_.tensor("tokens." + std::to_string(i))));
  }
}

INSTANTIATE_TEST_SUITE_P(Models, TinyGguf,
                         ::testing::Values("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1",
                                           "sentencepiece", "biases", "llama3", "mistral",
                                           "mistral_window", "qwen2", "qwen3", "qwen3_moe",
                                           "gemma2", "gemma3"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(TinyGguf, NamesAndShapesOfEveryTensor) {
  const std::vector<std::string> names = model_.names();
  for (const std::string& name : names) {
    ASSERT_TRUE(model_.has(name)) << name;
    EXPECT_EQ(model_.shape(name), reference_.header().tensors.at("weight." + name).shape) << name;
  }
  EXPECT_FALSE(model_.has("model.layers.0.mlp.experts.6.up_proj.weight"));
  testing::expect_refusal<FormatError>([&] { model_.load("model.norm.wieght", at::kFloat); },
                                       "did you mean 'model.norm.weight'");
  testing::expect_refusal<FormatError>([&] { model_.shape("blk.0.attn_q.weight"); },
                                       "model.gguf: there is no tensor 'blk.0.attn_q.weight'");
}

TEST_P(TinyGguf, OtherDtypesAreRoundedOnce) {
  for (const std::string& name : model_.names()) {
    const at::Tensor rounded = reference_.tensor("weight." + name).to(at::kBFloat16);
    EXPECT_TRUE(at::equal(model_.load(name, at::kBFloat16), rounded)) << name;
  }
}

using Names = std::vector<std::string>;

TEST(GgufNames, OfEveryKindOfTensor) {
  const GgufNaming plain{.layers = 13};
  EXPECT_EQ(hugging_face_names("token_embd.weight", plain), (Names{"model.embed_tokens.weight"}));
  EXPECT_EQ(hugging_face_names("output.weight", plain), (Names{"lm_head.weight"}));
  EXPECT_EQ(hugging_face_names("blk.12.attn_q.bias", plain),
            (Names{"model.layers.12.self_attn.q_proj.bias"}));
  EXPECT_EQ(hugging_face_names("blk.0.ffn_norm.weight", plain),
            (Names{"model.layers.0.post_attention_layernorm.weight"}));
  for (const char* name :
       {"", "weight", ".weight", "blk.weight", "blk.3.unknown.weight", "blk..attn_q.weight",
        "blk.0.attn_q", "blk.0.attn_q.scale", "attn_q.weight", "blk.0.token_embd.weight",
        "rope_freqs.weight", "blk.13.attn_q.weight", "blk.012.attn_q.weight",
        "blk.+1.attn_q.weight", "blk.x.attn_q.weight", "model.layers.0.self_attn.q_proj.weight"}) {
    EXPECT_EQ(hugging_face_names(name, plain), Names{}) << name;
  }
}

TEST(GgufNames, DependOnTheFamily) {
  const GgufNaming gemma{.layers = 1, .post_norms = true};
  EXPECT_EQ(hugging_face_names("blk.0.ffn_norm.weight", gemma),
            (Names{"model.layers.0.pre_feedforward_layernorm.weight"}));
  EXPECT_EQ(hugging_face_names("blk.0.post_attention_norm.weight", gemma),
            (Names{"model.layers.0.post_attention_layernorm.weight"}));
  EXPECT_EQ(hugging_face_names("blk.0.post_attention_norm.weight", {.layers = 1}), Names{});
  EXPECT_EQ(hugging_face_names("blk.5.ffn_up_exps.weight", {.layers = 6, .experts = 2}),
            (Names{"model.layers.5.mlp.experts.0.up_proj.weight",
                   "model.layers.5.mlp.experts.1.up_proj.weight"}));
  EXPECT_EQ(hugging_face_names("blk.5.ffn_gate_inp.weight", {.layers = 6, .experts = 2}),
            (Names{"model.layers.5.mlp.gate.weight"}));
  EXPECT_TRUE(has_experts("blk.5.ffn_down_exps.weight"));
  EXPECT_FALSE(has_experts("blk.5.ffn_down.weight"));
  EXPECT_FALSE(has_experts("ffn_down_exps.weight"));
}

}  // namespace
}  // namespace austeer
