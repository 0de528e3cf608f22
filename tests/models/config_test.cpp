#include "models/config.hpp"

#include <cmath>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "captured_log.hpp"
#include "models/rope.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

Json small_config() {
  return parse_json(R"({"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96,
    "vocab_size": 100, "rms_norm_eps": 1e-5, "eos_token_id": [2, 5]})",
                    "config.json");
}

/// Expects that small_config() with `key` set to `value` is refused with `part`.
void expect_refused(const std::string& key, const Json& value, const std::string& part) {
  Json json = small_config();
  json[key] = value;
  expect_refusal<FormatError>([&] { parse_config(json, "config.json"); }, part);
}

TEST(Config, BothSpellingsSayTheSame) {
  Json older = small_config();
  older["rope_theta"] = 500000.0;
  older["rope_scaling"] = {{"rope_type", "llama3"},
                           {"factor", 8.0},
                           {"low_freq_factor", 1.0},
                           {"high_freq_factor", 4.0},
                           {"original_max_position_embeddings", 64}};
  older["torch_dtype"] = "bfloat16";
  Json newer = small_config();
  newer["rope_parameters"] = older["rope_scaling"];
  newer["rope_parameters"]["rope_theta"] = 500000.0;
  newer["dtype"] = "bfloat16";

  for (const Json& json : {older, newer}) {
    const DecoderConfig config = parse_config(json, "config.json");
    EXPECT_EQ(config.rope.theta, 500000.0);
    EXPECT_EQ(config.rope.type, "llama3");
    EXPECT_EQ(config.rope.factor, 8.0);
    EXPECT_EQ(config.rope.original_positions, 64);
    EXPECT_EQ(config.stored_dtype, "bfloat16");
    EXPECT_EQ(config.stop_tokens, (std::vector<TokenId>{2, 5}));
    EXPECT_EQ(config.head_dim, 16);
  }
}

/// What the hub has of three models, sizes alone, and how many parameters they are said to have.
TEST(Config, PublishedModelsHaveTheirParameters) {
  const std::vector<std::pair<std::string, std::int64_t>> published = {
      {R"({"model_type": "gemma2", "num_hidden_layers": 26, "hidden_size": 2304,
           "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
           "intermediate_size": 9216, "vocab_size": 256000})",
       2614341888},
      {R"({"model_type": "qwen3_moe", "num_hidden_layers": 48, "hidden_size": 2048,
           "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128,
           "intermediate_size": 6144, "moe_intermediate_size": 768, "num_experts": 128,
           "num_experts_per_tok": 8, "norm_topk_prob": true, "vocab_size": 151936})",
       30532122624},
      {R"({"model_type": "llama", "num_hidden_layers": 32, "hidden_size": 4096,
           "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
           "vocab_size": 128256})",
       8030261248}};
  for (const auto& [json, parameters] : published) {
    EXPECT_EQ(parse_config(parse_json(json, "config.json"), "config.json").parameters(),
              parameters);
  }
}

TEST(Config, WindowsOfEachFamily) {
  const auto windows = [](const std::string& type, const Json& changes) {
    Json json = small_config();
    json["model_type"] = type;
    json["num_hidden_layers"] = 6;
    json["head_dim"] = 16;
    json.update(changes);
    return parse_config(json, "config.json").windows;
  };
  using Windows = std::vector<std::int64_t>;
  EXPECT_EQ(windows("mistral", Json::object()), Windows(6, 4096));
  EXPECT_EQ(windows("mistral", {{"sliding_window", nullptr}}), Windows());
  EXPECT_EQ(windows("qwen2", {{"sliding_window", 8}}), Windows());
  EXPECT_EQ(
      windows("qwen3",
              {{"sliding_window", 8}, {"use_sliding_window", true}, {"max_window_layers", 4}}),
      (Windows{0, 0, 0, 0, 8, 8}));
  EXPECT_EQ(windows("gemma2", {{"sliding_window", 8}}), (Windows{8, 0, 8, 0, 8, 0}));
  EXPECT_EQ(windows("gemma3_text", {{"sliding_window", 8}}), (Windows{8, 8, 8, 8, 8, 0}));
}

TEST(Config, ExpertsOfSomeLayers) {
  Json json = small_config();
  json.update({{"model_type", "qwen3_moe"},
               {"num_hidden_layers", 6},
               {"num_experts", 4},
               {"num_experts_per_tok", 2},
               {"moe_intermediate_size", 8},
               {"decoder_sparse_step", 2},
               {"mlp_only_layers", {3}}});
  const DecoderConfig config = parse_config(json, "config.json");
  EXPECT_EQ(config.dense_layers, (std::vector<std::int64_t>{0, 2, 3, 4}));
  json["num_experts_per_tok"] = 5;
  expect_refusal<FormatError>([&] { parse_config(json, "config.json"); },
                              "the number of experts per token is impossible");
  json["num_experts"] = std::int64_t{1} << 40;
  expect_refusal<FormatError>([&] { parse_config(json, "config.json"); },
                              "the number of experts is impossible");
}

TEST(Config, ImpossibleSizesAreNamed) {
  expect_refused("num_hidden_layers", 0, "the number of layers is impossible");
  expect_refused("hidden_size", -64, "the hidden size is impossible");
  expect_refused("hidden_size", std::int64_t{1} << 40, "the hidden size is impossible");
  expect_refused("num_attention_heads", 0, "the number of attention heads is impossible");
  expect_refused("num_key_value_heads", 3, "key/value heads must divide");
  expect_refused("head_dim", 15, "must be even");
  expect_refused("vocab_size", "many", "a whole number");
  expect_refused("rms_norm_eps", 0.0, "must be positive");
  expect_refused("vocab_size", 1e300, "a whole number");
}

TEST(Config, WhatIsNotSupportedIsNamed) {
  expect_refused("model_type", "lama", "did you mean 'llama'?");
  expect_refused("hidden_act", "gelu", "expected silu; found \"gelu\"");
  for (const char* type : {"longrope", "dynamic"}) {
    expect_refused("rope_scaling", {{"rope_type", type}, {"factor", 2.0}},
                   "the RoPE type '" + std::string(type) +
                       "' is not supported; expected default, linear, llama3, yarn");
  }
  expect_refused("rope_parameters", {{"rope_type", "default"}, {"partial_rotary_factor", 0.5}},
                 "'partial_rotary_factor' has a wrong value");
}

/// The RoPE of small_config() with `scaling` as its rope_scaling and `more` beside it.
DecoderConfig with_rope(const Json& scaling, const Json& more = Json::object()) {
  Json json = small_config();
  json["max_position_embeddings"] = 256;
  json["rope_scaling"] = scaling;
  json.update(more);
  return parse_config(json, "config.json");
}

TEST(Config, YarnInfersWhatIsLeftOut) {
  const Json card = {{"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 256}};
  const DecoderConfig config = with_rope(card);
  EXPECT_EQ(config.rope.type, "yarn");
  EXPECT_EQ(config.rope.original_positions, 256);
  EXPECT_DOUBLE_EQ(config.rope.attention_factor, 0.1 * std::log(4.0) + 1);
  EXPECT_EQ(config.rope.beta_fast, 32);
  EXPECT_EQ(config.rope.beta_slow, 1);
  EXPECT_TRUE(config.rope.whole_pairs);
  // The card leaves max_position_embeddings at what was trained.
  EXPECT_EQ(config.max_positions, 1024);

  Json other = card;
  other["original_max_position_embeddings"] = 32;
  EXPECT_EQ(with_rope(other).max_positions, 256);
  EXPECT_EQ(with_rope(other, {{"original_max_position_embeddings", 128}}).rope.original_positions,
            128);
  other.erase("original_max_position_embeddings");
  EXPECT_EQ(with_rope(other).rope.original_positions, 256);
  other["factor"] = nullptr;
  other["original_max_position_embeddings"] = 64;
  EXPECT_EQ(with_rope(other).rope.factor, 4);
  // The spelling of DeepSeek-R1-0528-Qwen3-8B is not transformers', which does not use it.
  other["attn_factor"] = 0.5;
  const testing::CapturedLog log;
  EXPECT_DOUBLE_EQ(with_rope(other).rope.attention_factor, 0.1 * std::log(4.0) + 1);
  EXPECT_EQ(log.text(),
            "warning: config.json: rope_scaling: the key 'attn_factor' is not used for the type "
            "'yarn'\n");
  other["attention_factor"] = 0.5;
  EXPECT_EQ(with_rope(other).rope.attention_factor, 0.5);
}

TEST(Config, YarnWithImpossibleNumbersIsRefused) {
  const auto expect_refused_yarn = [](const Json& changes, const std::string& part) {
    Json scaling = {{"rope_type", "yarn"}, {"factor", 4.0}};
    scaling.update(changes);
    expect_refusal<FormatError>([&] { with_rope(scaling); }, part);
  };
  expect_refused_yarn({{"factor", 0.0}}, "must be positive");
  expect_refused_yarn({{"factor", "4"}}, "a number");
  expect_refused_yarn({{"attention_factor", -1.0}}, "attention factor must be positive");
  expect_refused_yarn({{"beta_fast", 1.0}, {"beta_slow", 2.0}}, "at least beta_slow");
  expect_refused_yarn({{"original_max_position_embeddings", 0}}, "must be positive");
  expect_refused_yarn({{"rope_theta", 1.0}}, "above 1 for YaRN");
  expect_refusal<FormatError>([] { with_rope({{"rope_type", "yarn"}}); }, "'factor'");
  expect_refusal<FormatError>(
      [] {
        with_rope({{"rope_type", "yarn"}, {"factor", 4.0}},
                  {{"rope_parameters", {{"rope_type", "default"}, {"rope_theta", 1e6}}}});
      },
      "'rope_scaling' has a wrong value; expected nothing beside rope_parameters");
}

TEST(Config, TextPartOfALargerModel) {
  Json json = {{"model_type", "gemma3"}, {"eos_token_id", {1, 106}}, {"dtype", "bfloat16"}};
  const DecoderConfig defaults = parse_config(json, "config.json");
  EXPECT_EQ(defaults.model_type, "gemma3_text");
  EXPECT_EQ(defaults.width, 2304);
  EXPECT_EQ(defaults.vocabulary, 262208);
  EXPECT_EQ(defaults.stop_tokens, (std::vector<TokenId>{1, 106}));
  EXPECT_EQ(defaults.stored_dtype, "bfloat16");

  // As gemma-3-4b-it has it.
  json["text_config"] = {{"hidden_size", 2560},
                         {"intermediate_size", 10240},
                         {"model_type", "gemma3_text"},
                         {"num_hidden_layers", 34},
                         {"rope_scaling", {{"factor", 8.0}, {"rope_type", "linear"}}},
                         {"sliding_window", 1024}};
  const DecoderConfig config = parse_config(json, "config.json");
  EXPECT_EQ(config.heads, 8);
  EXPECT_EQ(config.kv_heads, 4);
  EXPECT_EQ(config.head_dim, 256);
  EXPECT_EQ(config.max_positions, 131072);
  EXPECT_EQ(config.rope.factor, 8);
  EXPECT_EQ(config.rope.theta, 1e6);
  EXPECT_EQ(config.window_rope->type, "default");
  EXPECT_EQ(config.windows[4], 1024);
  EXPECT_EQ(config.windows[5], 0);
  EXPECT_TRUE(config.tied_embeddings);
  EXPECT_EQ(config.parameters(), 3880263168);

  json["text_config"]["num_hidden_layers"] = 0;
  expect_refusal<FormatError>([&] { parse_config(json, "config.json"); },
                              "config.json: text_config: the number of layers is impossible");
  json["text_config"] = {{"model_type", "llama"}};
  expect_refusal<FormatError>([&] { parse_config(json, "config.json"); },
                              "expected gemma3_text; found \"llama\"");
  json["text_config"] = Json::array();
  expect_refusal<FormatError>([&] { parse_config(json, "config.json"); }, "text_config");
}

TEST(Config, GenerationConfigAddsStopTokens) {
  testing::TemporaryFolder folder;
  write_file(folder / "config.json", to_text(small_config()));
  write_file(folder / "generation_config.json", R"({"eos_token_id": [5, 7]})");
  EXPECT_EQ(read_config(folder.path()).stop_tokens, (std::vector<TokenId>{2, 5, 7}));
}

TEST(Rope, DivisorsDivideTheFrequencies) {
  RopeConfig rope;
  const at::Tensor plain = rope_frequencies(rope, 8);
  rope.divisors = {1, 2, 4, 8};
  const at::Tensor divided = rope_frequencies(rope, 8);
  EXPECT_TRUE(at::allclose(divided * at::tensor({1.F, 2.F, 4.F, 8.F}), plain));
}

}  // namespace
}  // namespace austeer
