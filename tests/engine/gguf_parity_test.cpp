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
#include "tiny_model.hpp"

namespace austeer {
namespace {

using testing::expect_close;
using testing::to_tokens;

/// The depth of expect_close() whose tolerance is twice the noise that the reference measured for
/// `name`; `depth` where it measured none.
std::int64_t depth_for(const SafetensorsFile& reference, const std::string& name,
                       std::int64_t depth) {
  if (!reference.has("noise." + name)) return depth;
  const double noise = reference.tensor("noise." + name).item<double>();
  return std::max(depth, static_cast<std::int64_t>(2 * noise / testing::float_tolerance(1)));
}

std::int64_t depth_of(const Decoder& decoder) { return 10 * (decoder.config().layers + 1); }

bool has_text(const SafetensorsFile& reference, std::int64_t number) {
  return reference.has("tokens." + std::to_string(number));
}

/// Compares sites and logits (of the last positions that are there) of every text of `reference`.
void compare_activations(const Decoder& decoder, const SafetensorsFile& reference) {
  const Engine engine(decoder);
  const std::int64_t depth = depth_of(decoder);
  for (std::int64_t i = 0; has_text(reference, i); ++i) {
    const std::string number = std::to_string(i);
    testing::Recorder recorder;
    const at::Tensor logits =
        engine.logits(to_tokens(reference.tensor("tokens." + number)), &recorder);
    const at::Tensor expected = reference.tensor("logits." + number);
    expect_close(logits.slice(0, logits.size(0) - expected.size(0)), expected, depth,
                 "logits." + number);
    for (const Site site : testing::sites_of(decoder.config())) {
      const std::string name = "site." + site_name(site) + "." + number;
      expect_close(recorder.stacked(site), reference.tensor(name),
                   depth_for(reference, name, depth), name);
    }
  }
}

/// Compares the greedy tokens of text `number`, as far as rounding does not decide; returns how
/// many were compared.
std::int64_t compare_greedy(const Decoder& decoder, const SafetensorsFile& reference,
                            const Tokens& generated, std::int64_t number) {
  const std::string text = std::to_string(number);
  const double size = reference.tensor("logits." + text).square().mean().sqrt().item<double>();
  return testing::expect_same_greedy(
      generated, reference.tensor("greedy." + text), reference.tensor("greedy_margin." + text),
      2 * size * testing::float_tolerance(depth_of(decoder)), "greedy." + text);
}

/// Compares every text of `reference`, one by one.
void compare(const Decoder& decoder, const SafetensorsFile& reference) {
  compare_activations(decoder, reference);
  std::int64_t steps = 0;
  std::int64_t compared = 0;
  for (std::int64_t i = 0; has_text(reference, i); ++i) {
    const Tokens text = to_tokens(reference.tensor("tokens." + std::to_string(i)));
    const auto generated =
        Engine(decoder).generate({&text, 1}, {.max_new_tokens = 32, .stop_tokens = {}});
    compared += compare_greedy(decoder, reference, generated[0], i);
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
                                           "gemma2", "gemma3", "yarn"),
                         [](const auto& info) { return std::string(info.param); });

/// Files that the gguf package split, given any of their parts.
TEST(SplitGguf, EqualsTransformers) {
  for (const char* name : {"split", "split_metadata_first"}) {
    SCOPED_TRACE(name);
    const SafetensorsFile reference =
        testing::reference_file("gguf/" + std::string(name) + "/reference.safetensors");
    const std::filesystem::path folder = reference.path().parent_path();
    const GgufModel first(folder / "model-00001-of-00003.gguf");
    const GgufModel last(folder / "model-00003-of-00003.gguf");
    EXPECT_EQ(first.fingerprint(), last.fingerprint());
    compare_activations(Decoder(first.config(), first, at::kFloat, at::kCPU), reference);
    compare_activations(Decoder(last.config(), last, at::kFloat, at::kCPU), reference);
  }
}

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

TEST_F(Gemma3, ActivationsEqualThoseOfTransformers) { compare_activations(decoder, reference); }

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
    compare_greedy(decoder, reference, generated[i], static_cast<std::int64_t>(i));
    if (generated[i] != to_tokens(reference.tensor("greedy." + number))) continue;
    EXPECT_EQ(tokenizer->decode(generated[i]), continuations[i]);
    ++equal;
  }
  EXPECT_GE(equal, 20) << "of " << prompts.size();
  EXPECT_TRUE(tokenizer->decode(generated[0])
                  .starts_with(" the capital of the country of France. It is the largest city in "
                               "France"));
  const auto alone =
      Engine(decoder).generate({prompts.data(), 1}, {.max_new_tokens = 32, .stop_tokens = {}});
  EXPECT_EQ(alone[0], generated[0]);
}

}  // namespace
}  // namespace austeer
