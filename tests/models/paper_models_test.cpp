// The manifests of the models that the paper steers: their sizes follow from the models' shapes.

#include <gtest/gtest.h>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "models/manifest.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::project_configs;

/// What the model's config.json says, as far as it has parameters.
struct Shape {
  std::int64_t layers, width, heads, key_value_heads, head_dim, inner, vocabulary;
  bool shared_output = false;   // the output layer is the embedding
  std::int64_t norms = 2;       // of the width, in a layer
  bool norms_of_heads = false;  // of queries and of keys
  std::int64_t experts = 0;     // 0: one dense FFN
};

std::int64_t parameters_of(const Shape& s) {
  const std::int64_t attention = s.width * s.head_dim * (2 * s.heads + 2 * s.key_value_heads) +
                                 (s.norms_of_heads ? 2 * s.head_dim : 0);
  const std::int64_t dense = 3 * s.width * s.inner;
  const std::int64_t ffn = s.experts > 0 ? s.experts * (dense + s.width) : dense;
  const std::int64_t embeddings = (s.shared_output ? 1 : 2) * s.vocabulary * s.width;
  return s.layers * (attention + ffn + s.norms * s.width) + embeddings + s.width;
}

struct PaperModel {
  std::string name;
  Shape shape;
  std::int64_t more_bytes = 0;  // that the files hold beside 16 bits a parameter; -1: quantised
};

std::ostream& operator<<(std::ostream& stream, const PaperModel& one) { return stream << one.name; }

std::vector<PaperModel> paper_models() {
  // Llama 2's files hold the rotary frequencies of each layer, 64 of 32 bits.
  return {
      {"llama2-7b-chat", {32, 4096, 32, 32, 128, 11008, 32000}, 32 * 64 * 4},
      {"llama2-13b-chat", {40, 5120, 40, 40, 128, 13824, 32000}, 40 * 64 * 4},
      {"llama3.1-8b-instruct", {32, 4096, 32, 8, 128, 14336, 128256}},
      {"llama3.3-70b-instruct-4bit", {80, 8192, 64, 8, 128, 28672, 128256}, -1},
      {"gemma2-2b-it", {26, 2304, 8, 4, 256, 9216, 256000, true, 4}},
      {"gemma2-9b-it", {42, 3584, 16, 8, 256, 14336, 256000, true, 4}},
      {"gemma2-27b-it", {46, 4608, 32, 16, 128, 36864, 256000, true, 4}},
      {"qwen3-8b", {36, 4096, 32, 8, 128, 12288, 151936, false, 2, true}},
      {"qwen3-30b-a3b", {48, 2048, 32, 4, 128, 768, 151936, false, 2, true, 128}},
  };
}

class PaperManifest : public ::testing::TestWithParam<PaperModel> {};

TEST_P(PaperManifest, SizesFollowFromTheShape) {
  const auto& [name, shape, more_bytes] = GetParam();
  const ModelManifest model = load_model_manifest(name, project_configs);
  EXPECT_EQ(model.layers, shape.layers);
  EXPECT_EQ(model.width, shape.width);
  EXPECT_EQ(model.parameters, parameters_of(shape));
  if (more_bytes >= 0) {
    EXPECT_EQ(model.weights_bytes, 2 * model.parameters + more_bytes);
    return;
  }
  // NF4: of the linear layers, 4 bits a parameter, a byte for each block of 64, and a float for
  // each 256 such bytes; a table of 272 floats and some 170 bytes of text for each tensor. All else
  // is 16 bits.
  const std::int64_t other =
      2 * shape.vocabulary * shape.width + (shape.norms * shape.layers + 1) * shape.width;
  const std::int64_t packed = model.parameters - other;
  const std::int64_t tensors = 7 * shape.layers;
  const std::int64_t expected =
      2 * other + packed / 2 + packed / 64 + packed / 64 / 256 * 4 + tensors * (272 * 4 + 170);
  EXPECT_NEAR(static_cast<double>(model.weights_bytes), static_cast<double>(expected), 100e3);
}

TEST_P(PaperManifest, ChatFormatLeavesBosToTheTokenizer) {
  const ModelManifest model = load_model_manifest(GetParam().name, project_configs);
  ASSERT_FALSE(model.chat.empty());
  ASSERT_FALSE(model.stop.empty());
  for (const char* bos : {"<s>", "<bos>", "<|begin_of_text|>"}) {
    EXPECT_EQ(model.chat.find(bos), std::string::npos) << bos;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, PaperManifest, ::testing::ValuesIn(paper_models()),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           for (char& c : name) c = std::isalnum(c) != 0 ? c : '_';
                           return name;
                         });

TEST(ModelManifests, NamesAndHubNamesAreUnique) {
  std::set<std::string> names;
  std::set<std::string> hubs;
  for (const std::string& name : model_manifest_names(project_configs)) {
    const ModelManifest model = load_model_manifest(name, project_configs);
    EXPECT_TRUE(names.insert(model.name).second) << name;
    EXPECT_TRUE(hubs.insert(model.hub).second) << model.hub;
  }
  for (const PaperModel& model : paper_models()) EXPECT_TRUE(names.contains(model.name));
}

TEST(ModelManifests, BytesOfTheWeightsMayBeLeftOut) {
  testing::TemporaryFolder folder;
  make_folder(folder / "models");
  const auto load = [&](const std::string& more) {
    write_file(folder / "models/m.yaml",
               "name: m\nhub: o/m\nlicence: MIT\nparameters: 1\nlayers: 1\nwidth: 1\n" + more);
    return load_model_manifest("m", folder.path());
  };
  EXPECT_EQ(load("").weights_bytes, 0);
  EXPECT_EQ(load("weights_bytes: 5000000000\n").weights_bytes, 5'000'000'000);
  testing::expect_refusal<FormatError>([&] { load("weights_bytes: 0\n"); }, "at least 1");
}

TEST(ModelManifests, ChatFormatsEndWhereTheAnswerStarts) {
  const auto chat = [](const std::string& name) {
    return load_model_manifest(name, project_configs).chat;
  };
  EXPECT_EQ(chat("llama2-7b-chat"), "[INST] {prompt} [/INST]");
  EXPECT_EQ(chat("gemma2-9b-it"),
            "<start_of_turn>user\n{prompt}<end_of_turn>\n<start_of_turn>model\n");
  EXPECT_EQ(chat("qwen3-8b"),
            "<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n");
  EXPECT_EQ(chat("llama3.1-8b-instruct"),
            "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
            "Today Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
            "{prompt}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
}

}  // namespace
}  // namespace austeer
