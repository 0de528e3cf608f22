// The engine on GGUF files against `transformers`: tiny models of every family, and the real
// default model in full.

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "models/gguf_model.hpp"
#include "recorder.hpp"
#include "reference.hpp"

namespace austeer {
namespace {

using testing::expect_close;
using testing::to_tokens;

/// Compares every text of `reference`: sites, logits (of the last positions there), greedy tokens.
void compare(const Decoder& decoder, const SafetensorsFile& reference) {
  const Engine engine(decoder);
  const std::int64_t depth = 10 * (decoder.config().layers + 1);
  std::int64_t steps = 0;
  std::int64_t compared = 0;
  for (std::int64_t i = 0; reference.has("tokens." + std::to_string(i)); ++i) {
    const std::string number = std::to_string(i);
    const Tokens text = to_tokens(reference.tensor("tokens." + number));
    testing::Recorder recorder;
    const at::Tensor logits = engine.logits(text, &recorder);
    const at::Tensor expected = reference.tensor("logits." + number);
    expect_close(logits.slice(0, logits.size(0) - expected.size(0)), expected, depth,
                 "logits." + number);
    for (const Site site : all_sites) {
      const std::string name = "site." + site_name(site) + "." + number;
      expect_close(recorder.stacked(site), reference.tensor(name), depth, name);
    }
    const auto generated = engine.generate({&text, 1}, {.max_new_tokens = 32, .stop_tokens = {}});
    const double size = expected.square().mean().sqrt().item<double>();
    compared +=
        testing::expect_same_greedy(generated[0], reference.tensor("greedy." + number),
                                    reference.tensor("greedy_margin." + number),
                                    2 * size * testing::float_tolerance(depth), "greedy." + number);
    steps += 32;
  }
  EXPECT_GT(steps, 0);
  EXPECT_GE(compared, steps / 2) << "too few steps were clear";
}

class TinyGguf : public ::testing::TestWithParam<const char*> {};

TEST_P(TinyGguf, EqualsTransformers) {
  const SafetensorsFile reference =
      testing::reference_file(std::string("gguf/") + GetParam() + "/reference.safetensors");
  const GgufModel gguf(reference.path().parent_path() / "model.gguf");
  compare(Decoder(gguf.config(), gguf, at::kFloat, at::kCPU), reference);
}

INSTANTIATE_TEST_SUITE_P(Models, TinyGguf,
                         ::testing::Values("f32", "f16", "bf16", "q8_0", "q4_0", "q4_1",
                                           "sentencepiece", "biases", "llama3", "mistral",
                                           "mistral_window", "qwen2", "qwen3", "qwen3_moe",
                                           "gemma2", "gemma3"),
                         [](const auto& info) { return std::string(info.param); });

TEST(SmolLM2, EqualsTransformers) {
  const SafetensorsFile reference = testing::reference_file("smollm2/reference.safetensors");
  const GgufModel gguf(testing::default_model_file());
  const Decoder decoder(gguf.config(), gguf, at::kFloat, at::kCPU);
  compare(decoder, reference);

  const auto tokenizer = gguf.tokenizer();
  const Json texts = parse_json(reference.header().metadata.at("texts"), "texts");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(tokenizer->encode(texts[i].get<std::string>()),
              to_tokens(reference.tensor("tokens." + std::to_string(i))));
  }
}

TEST(SmolLM2, AnswersInItsChatFormat) {
  const SafetensorsFile reference = testing::reference_file("smollm2/reference.safetensors");
  const GgufModel gguf(testing::default_model_file());
  const Decoder decoder(gguf.config(), gguf, at::kFloat, at::kCPU);
  const Tokens prompt = to_tokens(reference.tensor("chat.tokens"));
  const auto generated = Engine(decoder).generate(
      {&prompt, 1}, {.max_new_tokens = 32, .stop_tokens = gguf.config().stop_tokens});
  EXPECT_EQ(gguf.tokenizer()->decode(generated[0]), "The capital of France is Paris.");
  EXPECT_EQ(reference.header().metadata.at("chat.answer"), "The capital of France is Paris.");
}

/// Gemma 3 270M and what `transformers` makes of it.
struct Gemma3 : ::testing::Test {
  std::vector<std::string> texts(const std::string& key) const {
    return parse_json(reference.header().metadata.at(key), key).get<std::vector<std::string>>();
  }

  const SafetensorsFile reference = testing::reference_file("gemma3/reference.safetensors");
  const GgufModel gguf{reference.path().parent_path() / "gemma-3-270m-q4_k_m.gguf"};
  const Decoder decoder{gguf.config(), gguf, at::kFloat, at::kCPU};
};

TEST_F(Gemma3, EqualsTransformers) { compare(decoder, reference); }

TEST_F(Gemma3, ContinuesPromptsTogether) {
  const auto tokenizer = gguf.tokenizer();
  std::vector<Tokens> prompts;
  for (const std::string& text : texts("texts")) prompts.push_back(tokenizer->encode(text));
  const auto generated =
      Engine(decoder).generate(prompts, {.max_new_tokens = 32, .stop_tokens = {}});
  const std::vector<std::string> continuations = texts("continuations");
  ASSERT_EQ(continuations.size(), prompts.size());
  std::int64_t equal = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(prompts[i], to_tokens(reference.tensor("tokens." + number)));
    if (generated[i] != to_tokens(reference.tensor("greedy." + number))) continue;
    EXPECT_EQ(tokenizer->decode(generated[i]), continuations[i]);
    ++equal;
  }
  EXPECT_GE(equal, 20) << "of " << prompts.size();
  EXPECT_TRUE(tokenizer->decode(generated[0])
                  .starts_with(" the capital of the country of France. It is the largest city in "
                               "France"));
}

}  // namespace
}  // namespace austeer
