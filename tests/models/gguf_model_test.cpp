// GGUF files as models, against `transformers` with the same dequantised weights: every weight
// under its Hugging Face name, the configuration, the tokenizer.

#include "models/gguf_model.hpp"

#include <gtest/gtest.h>
#include <string>

#include "base/json.hpp"
#include "models/gguf_names.hpp"
#include "reference.hpp"

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

INSTANTIATE_TEST_SUITE_P(Formats, TinyGguf,
                         ::testing::Values("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1",
                                           "sentencepiece"),
                         [](const auto& info) { return std::string(info.param); });

TEST(GgufNames, TranslateBothWays) {
  for (const char* name :
       {"model.embed_tokens.weight", "model.norm.weight", "lm_head.weight",
        "model.layers.12.self_attn.q_proj.bias", "model.layers.0.mlp.down_proj.weight"}) {
    EXPECT_EQ(hugging_face_name(gguf_name(name)), name);
  }
  EXPECT_EQ(gguf_name("model.layers.12.self_attn.q_proj.bias"), "blk.12.attn_q.bias");
  for (const char* name : {"", "weight", "model.layers.weight", "model.layers.3.unknown.weight",
                           "blk.0.attn_q.weight"}) {
    EXPECT_EQ(gguf_name(name), "") << name;
  }
}

}  // namespace
}  // namespace austeer
