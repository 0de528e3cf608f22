// What the metadata of each architecture means, and what is refused.

#include "models/gguf_config.hpp"

#include <cmath>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "models/gguf_metadata.hpp"
#include "models/gguf_model.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;
using namespace testing::gguf;
using Ids = std::vector<TokenId>;
using Windows = std::vector<std::int64_t>;

const Value four = scalar(f32, 4.0F);

class GgufConfig : public ::testing::Test {
 protected:
  /// A file of `architecture` with `more` metadata, whose keys open with the architecture where
  /// they open with '.'.
  std::filesystem::path write(const std::string& architecture, const Metadata& more,
                              Tensors tensors = {}) {
    Metadata metadata = model(sentencepiece(), architecture);
    for (const auto& [key, value] : more) {
      metadata[key.starts_with('.') ? architecture + key : key] = value;
    }
    tensors["token_embd.weight"] = {8, 8};
    return write_gguf(folder_, metadata, tensors);
  }

  DecoderConfig read(const std::string& architecture, const Metadata& more = {},
                     const Tensors& tensors = {}) {
    return read_gguf_config(GgufFile(write(architecture, more, tensors)));
  }

  void expect_refused(const std::string& architecture, const Metadata& more,
                      const std::string& part) {
    expect_refusal<FormatError>([&] { read(architecture, more); }, part);
    expect_refusal<FormatError>([&] { read(architecture, more); }, "m.gguf");
  }

  TemporaryFolder folder_;
};

const Metadata experts = {{".expert_count", whole(3)},
                          {".expert_used_count", whole(2)},
                          {".expert_feed_forward_length", whole(4)}};

TEST_F(GgufConfig, FamiliesByArchitecture) {
  EXPECT_EQ(read("llama").model_type, "llama");
  EXPECT_TRUE(read("qwen2").attention_bias);
  EXPECT_TRUE(read("qwen3").query_key_norms);
  EXPECT_EQ(read("qwen3moe", experts).model_type, "qwen3_moe");
  EXPECT_EQ(read("gemma2").activation, Activation::gelu_tanh);
  const DecoderConfig gemma = read("gemma3");
  EXPECT_EQ(gemma.model_type, "gemma3_text");
  EXPECT_TRUE(gemma.norm_offset && gemma.post_norms && gemma.scaled_embeddings);
  expect_refused("mamba", {},
                 "the architecture is not supported; expected llama, qwen2, qwen3, qwen3moe, "
                 "gemma2, gemma3; found mamba");
}

TEST_F(GgufConfig, TensorsTellBiasesAndTies) {
  const DecoderConfig plain = read("llama");
  EXPECT_TRUE(plain.tied_embeddings);
  EXPECT_FALSE(plain.attention_bias || plain.output_bias || plain.ffn_bias);
  const DecoderConfig full = read("llama", {},
                                  {{"output.weight", {8, 8}},
                                   {"blk.0.attn_q.bias", {8}},
                                   {"blk.0.attn_output.bias", {8}},
                                   {"blk.0.ffn_gate.bias", {12}}});
  EXPECT_FALSE(full.tied_embeddings);
  EXPECT_TRUE(full.attention_bias && full.output_bias && full.ffn_bias);
}

TEST_F(GgufConfig, HeadsOfASizeOfTheirOwn) {
  EXPECT_EQ(read("qwen3").head_dim, 4);
  const Value six = whole(6);
  EXPECT_EQ(
      read("qwen3", {{".attention.key_length", six}, {".attention.value_length", six}}).head_dim,
      6);
  expect_refused("qwen3", {{".attention.value_length", six}},
                 "keys and values differ in size; expected qwen3.attention.value_length 4, as "
                 "keys; found 6");
  expect_refused("llama", {{".attention.head_count", whole(0)}}, "attention heads is impossible");
}

TEST_F(GgufConfig, Windows) {
  const auto windows = [&](const std::string& architecture, Metadata more) {
    more[".block_count"] = whole(7);
    return read(architecture, more).windows;
  };
  const std::string size = ".attention.sliding_window",
                    period = ".attention.sliding_window_pattern";
  EXPECT_EQ(windows("llama", {}), Windows{});
  EXPECT_EQ(windows("llama", {{size, whole(3)}}), Windows(7, 3));
  EXPECT_EQ(windows("gemma2", {}), (Windows{4096, 0, 4096, 0, 4096, 0, 4096}));
  EXPECT_EQ(windows("gemma2", {{size, whole(3)}}), (Windows{3, 0, 3, 0, 3, 0, 3}));
  EXPECT_EQ(windows("gemma3", {}), Windows{});
  EXPECT_EQ(windows("gemma3", {{size, whole(3)}}), (Windows{3, 3, 3, 3, 3, 0, 3}));
  EXPECT_EQ(windows("gemma3", {{size, whole(3)}, {period, whole(3)}}),
            (Windows{3, 3, 0, 3, 3, 0, 3}));
  expect_refused("gemma3", {{size, whole(3)}, {period, whole(0)}}, "1 or more; found 0");
  expect_refused("gemma3", {{size, whole(-1)}}, "the sliding window is impossible");
}

TEST_F(GgufConfig, QueryScaleAndCapsOfGemma) {
  const auto scale = [&](const std::string& architecture, std::int64_t layers, Metadata more = {}) {
    more.insert({{".block_count", whole(layers)},
                 {".embedding_length", whole(8)},
                 {".attention.key_length", whole(16)},
                 {".attention.value_length", whole(16)}});
    return read(architecture, more).query_scale;
  };
  EXPECT_EQ(scale("gemma2", 26), 0.25);
  EXPECT_EQ(scale("gemma2", 46), 0.5) << "8 / 2 heads instead of the head dimension";
  EXPECT_EQ(scale("gemma2", 62), 0.25);
  EXPECT_EQ(scale("gemma3", 46), 0.25);
  EXPECT_EQ(scale("gemma3", 62), 0.5);
  EXPECT_EQ(scale("gemma3", 62, {{".attention.scale", scalar(f32, 0.125F)}}), 0.125);
  EXPECT_EQ(scale("qwen3", 62), 0.0);

  EXPECT_EQ(read("gemma2").attention_softcap, 50);
  EXPECT_EQ(read("gemma2").logit_softcap, 30);
  EXPECT_EQ(read("gemma3").attention_softcap, 0);
  EXPECT_EQ(read("gemma3").logit_softcap, 0);
  const Metadata caps = {{".attn_logit_softcapping", four},
                         {".final_logit_softcapping", scalar(f32, 5.0F)}};
  EXPECT_EQ(read("gemma2", caps).attention_softcap, 4);
  EXPECT_EQ(read("gemma2", caps).logit_softcap, 5);
  EXPECT_EQ(read("llama", caps).logit_softcap, 0);
  expect_refused("gemma2", {{".final_logit_softcapping", scalar(f32, NAN)}}, "soft caps");
}

TEST_F(GgufConfig, TwoRopesOfGemma3) {
  const DecoderConfig config = read("gemma3", {{".rope.freq_base", scalar(f32, 1e6F)},
                                               {".rope.scaling.type", text("linear")},
                                               {".rope.scaling.factor", four}});
  EXPECT_EQ(config.rope.theta, 1e6);
  EXPECT_EQ(config.rope.factor, 4);
  ASSERT_TRUE(config.window_rope.has_value());
  EXPECT_EQ(config.window_rope->theta, 1e4);
  EXPECT_EQ(config.window_rope->type, "default");
  EXPECT_EQ(read("gemma3", {{".rope.freq_base_swa", four}}).window_rope->theta, 4);
  EXPECT_FALSE(read("gemma2").window_rope.has_value());
}

TEST_F(GgufConfig, FrequenciesAreScaled) {
  const auto rope = [&](const Metadata& more) { return read("llama", more).rope; };
  const std::string type = ".rope.scaling.type", factor = ".rope.scaling.factor",
                    older = ".rope.scale_linear";
  EXPECT_EQ(rope({}).type, "default");
  EXPECT_EQ(rope({{type, text("none")}, {factor, four}}).type, "default");
  for (const Metadata& scaled : std::vector<Metadata>{
           {{type, text("linear")}, {factor, four}}, {{factor, four}}, {{older, four}}}) {
    EXPECT_EQ(rope(scaled).type, "linear");
    EXPECT_EQ(rope(scaled).factor, 4);
  }
  expect_refused("llama", {{type, text("linear")}},
                 "the metadata key 'llama.rope.scaling.factor' is missing");
  expect_refused("qwen2", {{type, text("longrope")}, {factor, four}},
                 "'longrope' is not supported");
  EXPECT_EQ(rope({{".rope.dimension_count", whole(4)}}).type, "default");
  expect_refused("llama", {{".rope.dimension_count", whole(2)}},
                 "only a part of each head is turned by RoPE");
}

TEST_F(GgufConfig, YarnAsLlamaCppReadsIt) {
  const Metadata yarn = {{".rope.scaling.type", text("yarn")}, {".rope.scaling.factor", four}};
  const auto with = [&](Metadata more) {
    more.insert(yarn.begin(), yarn.end());
    return read("qwen2", more);
  };
  const DecoderConfig plain = with({});
  EXPECT_EQ(plain.rope.type, "yarn");
  EXPECT_EQ(plain.rope.original_positions, 64);  // the context length
  EXPECT_EQ(plain.max_positions, 256);
  EXPECT_DOUBLE_EQ(plain.rope.attention_factor, 0.1 * std::log(4.0) + 1);
  const DecoderConfig all = with({{".rope.scaling.original_context_length", whole(16)},
                                  {".rope.scaling.yarn_beta_fast", scalar(f32, 8.0F)},
                                  {".rope.scaling.yarn_beta_slow", scalar(f32, 0.5F)},
                                  {".rope.scaling.attn_factor", scalar(f32, 0.5F)},
                                  {".rope.scaling.yarn_attn_factor", scalar(f32, 7.0F)}});
  EXPECT_EQ(all.rope.original_positions, 16);
  EXPECT_EQ(all.max_positions, 64);
  EXPECT_EQ(all.rope.beta_fast, 8);
  EXPECT_EQ(all.rope.beta_slow, 0.5);
  EXPECT_DOUBLE_EQ(all.rope.attention_factor, 0.5 * (0.1 * std::log(4.0) + 1));
  EXPECT_DOUBLE_EQ(
      with({{".rope.scaling.yarn_log_multiplier", scalar(f32, 0.5F)}}).rope.attention_factor,
      (0.1 * std::log(4.0) + 1) / (0.05 * std::log(4.0) + 1));
  expect_refused("qwen2",
                 {{".rope.scaling.type", text("yarn")},
                  {".rope.scaling.factor", four},
                  {".rope.scaling.attn_factor", scalar(f32, -1.0F)}},
                 "attention factor must be positive");
}

TEST_F(GgufConfig, FilesThatHoldNoModelAreNamed) {
  expect_refused("controlvector", {}, "It is a control vector: pass it with --plan");
  expect_refused("clip", {}, "a model's part for pictures");
  expect_refused("llama", {{"general.type", text("adapter")}}, "an adapter (LoRA), not a model");
}

TEST_F(GgufConfig, Experts) {
  const DecoderConfig config = read("qwen3moe", experts, {{"blk.0.ffn_gate_inp.weight", {8, 3}}});
  ASSERT_TRUE(config.experts.has_value());
  EXPECT_EQ(config.experts->count, 3);
  EXPECT_EQ(config.experts->per_token, 2);
  EXPECT_EQ(config.experts->ffn_width, 4);
  EXPECT_TRUE(config.experts->normalised);
  EXPECT_TRUE(config.has_experts(0));
  EXPECT_FALSE(read("qwen3moe", experts).has_experts(0)) << "no router";

  Metadata other = experts;
  other[".expert_weights_norm"] = flag(false);
  EXPECT_FALSE(read("qwen3moe", other).experts->normalised);
  other[".expert_gating_func"] = whole(1);
  EXPECT_FALSE(read("qwen3moe", other).experts->normalised);
  other[".expert_gating_func"] = whole(2);
  expect_refused("qwen3moe", other, "the router's function is not supported");
  expect_refused("qwen3moe", {}, "'qwen3moe.expert_count' is missing");
  other = experts;
  other[".expert_used_count"] = whole(4);
  expect_refused("qwen3moe", other, "the number of experts per token is impossible");
  EXPECT_FALSE(read("llama", {{".expert_count", whole(0)}}).experts.has_value());
  expect_refused("llama", {{".expert_count", whole(8)}},
                 "experts are not supported in this architecture");
}

TEST_F(GgufConfig, ExpertTensorsOfAnotherNumberAreRefused) {
  const auto load = [&](const std::string& architecture, const Metadata& more,
                        const std::vector<std::uint64_t>& shape) {
    return GgufModel(write(architecture, more, {{"blk.0.ffn_up_exps.weight", shape}}));
  };
  EXPECT_EQ(load("qwen3moe", experts, {8, 4, 3}).names().size(), 4U);
  for (const std::vector<std::uint64_t>& shape :
       std::vector<std::vector<std::uint64_t>>{{8, 4, 2}, {8, 3}, {8, 4, 3, 1}}) {
    expect_refusal<FormatError>([&] { load("qwen3moe", experts, shape); },
                                "'blk.0.ffn_up_exps.weight' does not hold the experts; expected 3 "
                                "matrices, one for each");
  }
  expect_refusal<FormatError>([&] { load("llama", {}, {8, 4, 3}); }, "does not hold the experts");
}

TEST_F(GgufConfig, StopsAtTheEndOfATextAndOfATurn) {
  const std::string turn = "tokenizer.ggml.eot_token_id";
  EXPECT_EQ(read("llama").stop_tokens, (Ids{2}));
  EXPECT_EQ(read("llama", {{turn, whole(5)}}).stop_tokens, (Ids{2, 5}));
  EXPECT_EQ(read("llama", {{turn, whole(2)}}).stop_tokens, (Ids{2}));
}

}  // namespace
}  // namespace austeer
