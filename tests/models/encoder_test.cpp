// Tiny random encoders of each family against `transformers`, states and logits, and what hostile
// folders are refused for.
#include "models/encoder.hpp"

#include <cmath>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "encoder_reference.hpp"
#include "models/sequence_classifier.hpp"
#include "reference.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_close;
using testing::expect_refusal;
using testing::reference_file;
using testing::TemporaryFolder;

/// Operations in sequence up to the last layer, as float_tolerance counts them.
constexpr std::int64_t depth = 32;

std::filesystem::path folder_of(const std::string& name) {
  return std::filesystem::path(AUSTEER_REFERENCE_DIR) / "encoders" / name;
}

class TinyEncoder : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    reference_ = std::make_unique<SafetensorsFile>(
        reference_file("encoders/" + GetParam() + "/reference.safetensors"));
    texts_ = testing::reference_texts("encoders/" + GetParam() + "/texts.jsonl");
    ASSERT_GE(texts_.size(), 20u);
  }

  std::unique_ptr<SafetensorsFile> reference_;
  std::vector<std::string> texts_;
};

TEST_P(TinyEncoder, HasTheHiddenStatesOfEachText) {
  const std::filesystem::path folder = folder_of(GetParam());
  const Encoder encoder(read_encoder_config(folder), *open_safetensors_checkpoint(folder),
                        at::kFloat);
  const EncoderTexts encode(load_tokenizer(folder), encoder.config());
  std::int64_t compared = 0;
  for (const EncoderBatch& batch : encode.batches(texts_, 200)) {
    std::vector<at::Tensor> states;
    encoder.forward(batch.packed, encoder.config().layers,
                    [&](std::int64_t state, const at::Tensor& hidden) {
                      EXPECT_EQ(state, static_cast<std::int64_t>(states.size()));
                      states.push_back(hidden.clone());
                    });
    const at::Tensor all = at::stack(states);  // [L + 1, T, D]
    std::int64_t row = 0;
    for (const std::int64_t text : batch.texts) {
      const at::Tensor expected = reference_->tensor("states." + std::to_string(text));
      expect_close(all.narrow(1, row, expected.size(1)), expected, depth,
                   "text " + std::to_string(text));
      row += expected.size(1);
      ++compared;
    }
    EXPECT_EQ(row, all.size(1));
  }
  EXPECT_EQ(compared, static_cast<std::int64_t>(texts_.size()));
}

TEST_P(TinyEncoder, StopsAfterTheLayersThatAreAskedFor) {
  const std::filesystem::path folder = folder_of(GetParam());
  const Encoder encoder(read_encoder_config(folder), *open_safetensors_checkpoint(folder),
                        at::kFloat);
  const EncoderTexts encode(load_tokenizer(folder), encoder.config());
  PackedTexts one;
  one.add(encode.encode(texts_[4]));
  const at::Tensor expected = reference_->tensor("states.4");
  for (std::int64_t layers = 0; layers <= encoder.config().layers; ++layers) {
    std::int64_t seen = -1;
    const at::Tensor state =
        encoder.forward(one, layers, [&](std::int64_t index, const at::Tensor&) { seen = index; });
    EXPECT_EQ(seen, layers);
    expect_close(state, expected[layers], depth, "state " + std::to_string(layers));
  }
}

TEST_P(TinyEncoder, HasTheLogits) {
  const SequenceClassifier classifier(folder_of(GetParam()));
  const at::Tensor expected = reference_->tensor("logits");
  ASSERT_EQ(static_cast<std::int64_t>(classifier.labels().size()), expected.size(1));
  const at::Tensor found = classifier.logits(texts_);
  // Logits may cancel to almost nothing, so they are held against the size of all of them.
  const double scale = expected.square().mean().sqrt().item<double>();
  const double error = (found - expected).abs().max().item<double>();
  EXPECT_LE(error, testing::float_tolerance(depth) * scale);
}

TEST_P(TinyEncoder, HalfPrecisionIsNear) {
  const SequenceClassifier classifier(folder_of(GetParam()), at::kBFloat16);
  const at::Tensor expected = reference_->tensor("logits");
  const double scale = expected.square().mean().sqrt().item<double>();
  const at::Tensor error = classifier.logits(texts_) - expected;
  // Some 32 roundings of 2^-9 in sequence, each of random sign.
  EXPECT_LE(error.square().mean().sqrt().item<double>(),
            std::sqrt(static_cast<double>(depth)) * std::ldexp(1.0, -9) * 4 * scale);
}

INSTANTIATE_TEST_SUITE_P(Reference, TinyEncoder,
                         ::testing::Values("bert", "bert_three_heads", "bert_one_label",
                                           "bert_old_norms", "bert_bfloat16", "roberta",
                                           "roberta_multi", "distilbert", "distilbert_one_head"));

TEST(SequenceClassifierHead, SaysWhatItsLogitsAre) {
  const SequenceClassifier two(folder_of("bert"));
  EXPECT_EQ(two.problem(), ClassifierProblem::single_label);
  EXPECT_EQ(two.labels(), (std::vector<std::string>{"LABEL_0", "LABEL_1"}));
  const SequenceClassifier one(folder_of("bert_one_label"));
  EXPECT_EQ(one.problem(), ClassifierProblem::multi_label);
  const SequenceClassifier several(folder_of("roberta_multi"));
  EXPECT_EQ(several.problem(), ClassifierProblem::multi_label);
  EXPECT_EQ(several.labels(),
            (std::vector<std::string>{"label 0", "label 1", "label 2", "label 3"}));
  EXPECT_NE(two.fingerprint(), one.fingerprint());
}

/// The folder of `name` with its config.json changed.
class Changed {
 public:
  Changed(const std::string& name, const std::function<void(Json&)>& change) {
    for (const char* file : {"tokenizer.json", "model.safetensors"}) {
      std::filesystem::create_symlink(folder_of(name) / file, folder_ / file);
    }
    Json config = read_json(folder_of(name) / "config.json");
    change(config);
    write_file(folder_ / "config.json", to_text(config));
  }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

void expect_classifier_refused(const std::string& name, const std::function<void(Json&)>& change,
                               const std::string& message) {
  const Changed folder(name, change);
  expect_refusal<FormatError>([&] { SequenceClassifier{folder.path()}; }, message);
}

TEST(EncoderRefusals, NameWhatIsWrongWithAConfiguration) {
  expect_classifier_refused(
      "bert", [](Json& j) { j["model_type"] = "bart"; },
      "the encoder type 'bart' is not supported");
  expect_classifier_refused(
      "bert", [](Json& j) { j["hidden_act"] = "gelv"; }, "did you mean 'gelu'?");
  expect_classifier_refused(
      "bert", [](Json& j) { j["is_decoder"] = true; }, "is_decoder");
  expect_classifier_refused(
      "bert", [](Json& j) { j["position_embedding_type"] = "relative_key"; },
      "position_embedding_type");
  expect_classifier_refused(
      "bert", [](Json& j) { j["num_hidden_layers"] = 0; }, "the number of layers");
  expect_classifier_refused(
      "bert", [](Json& j) { j["num_hidden_layers"] = 1e6; }, "num_hidden_layers");
  expect_classifier_refused(
      "bert", [](Json& j) { j["hidden_size"] = std::int64_t{1} << 62; },
      "the hidden size is impossible");
  expect_classifier_refused(
      "bert", [](Json& j) { j["num_attention_heads"] = 5; },
      "the attention heads must divide the hidden size");
  expect_classifier_refused(
      "bert", [](Json& j) { j["intermediate_size"] = -1; }, "the intermediate size");
  expect_classifier_refused(
      "bert", [](Json& j) { j["max_position_embeddings"] = 0; }, "the number of positions");
  expect_classifier_refused(
      "bert", [](Json& j) { j["layer_norm_eps"] = 0.0; }, "layer_norm_eps");
  expect_classifier_refused(
      "bert", [](Json& j) { j.erase("vocab_size"); }, "vocab_size");
  expect_classifier_refused(
      "bert", [](Json& j) { j["quantization_config"] = Json::object(); }, "quantised");
  expect_classifier_refused(
      "roberta", [](Json& j) { j["pad_token_id"] = -1; }, "pad_token_id");
  expect_classifier_refused(
      "roberta", [](Json& j) { j["pad_token_id"] = 39; }, "the number of positions");
  expect_classifier_refused(
      "roberta", [](Json& j) { j["max_position_embeddings"] = 4; }, "wrong shape");
}

TEST(EncoderRefusals, NameTheWeightsThatDoNotFit) {
  expect_classifier_refused(
      "bert", [](Json& j) { j["num_hidden_layers"] = 4; }, "'bert.encoder.layer.3.attention.self.");
  expect_classifier_refused(
      "distilbert", [](Json& j) { j["hidden_dim"] = 81; }, "wrong shape");
  expect_classifier_refused(
      "bert",
      [](Json& j) {
        j["id2label"] = {{"0", "a"}, {"1", "b"}, {"2", "c"}};
      },
      "'classifier.");
  expect_classifier_refused(
      "bert",
      [](Json& j) {
        j["id2label"] = {{"0", "a"}, {"2", "c"}};
      },
      "'1'");
  expect_classifier_refused(
      "bert", [](Json& j) { j["id2label"] = Json::object(); }, "labels");
  expect_classifier_refused(
      "bert", [](Json& j) { j["problem_type"] = "several"; }, "problem_type");
}

TEST(EncoderRefusals, NameTextsThatTheModelDoesNotTake) {
  const std::filesystem::path folder = folder_of("roberta");
  const Encoder encoder(read_encoder_config(folder), *open_safetensors_checkpoint(folder),
                        at::kFloat);
  const std::int64_t longest = encoder.config().longest();
  EXPECT_EQ(longest, 38) << "of 40 positions, two stand for padding";
  PackedTexts texts;
  expect_refusal<UsageError>([&] { texts.add({}); }, "without tokens");
  texts.add(std::vector<TokenId>(static_cast<std::size_t>(longest + 1), 5));
  expect_refusal<UsageError>([&] { encoder.forward(texts); }, "too long");
  PackedTexts strange;
  strange.add(std::vector<TokenId>{3, static_cast<TokenId>(encoder.config().vocabulary)});
  expect_refusal<UsageError>([&] { encoder.forward(strange); }, "not in the encoder's vocabulary");
  EXPECT_EQ(encoder.forward({}).size(0), 0);
}

}  // namespace
}  // namespace austeer
