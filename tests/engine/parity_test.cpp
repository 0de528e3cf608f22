// The engine against `transformers` on tiny random models: activations of every site, logits,
// greedy tokens, plain and steered, one text alone and several packed.

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "engine/activation_tap.hpp"
#include "engine/engine.hpp"
#include "engine/plan_tap.hpp"
#include "models/config.hpp"
#include "models/decoder.hpp"
#include "recorder.hpp"
#include "reference.hpp"
#include "tensors/checkpoint.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_close;
using testing::expect_same_greedy;
using testing::to_tokens;

/// Operations in sequence of a whole pass: about ten per layer.
std::int64_t depth_of(const DecoderConfig& config) { return 10 * (config.layers + 1); }

class TinyModel : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string folder = std::string("tiny/") + GetParam();
    reference_ = std::make_unique<SafetensorsFile>(
        testing::reference_file(folder + "/reference.safetensors"));
    const std::filesystem::path path = reference_->path().parent_path();
    decoder_ = std::make_unique<Decoder>(read_config(path), *open_safetensors_checkpoint(path),
                                         at::kFloat, at::kCPU);
    while (reference_->has("tokens." + std::to_string(texts_.size()))) {
      texts_.push_back(to_tokens(expected("tokens." + std::to_string(texts_.size()))));
    }
    ASSERT_GE(texts_.size(), 4U);
  }

  at::Tensor expected(const std::string& name) const { return reference_->tensor(name); }

  /// The reference's random plan for a site and operation.
  Plan plan(Site site, Operation operation, const std::string& prefix) const {
    const std::vector<std::int32_t> layers = to_tokens(expected(prefix + ".layers"));
    const std::vector<std::int32_t> dims = to_tokens(expected(prefix + ".dims"));
    const at::Tensor values = expected(prefix + ".values");
    std::map<std::int64_t, std::map<std::int64_t, float>> by_layer;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      by_layer[layers[i]][dims[i]] = values[static_cast<std::int64_t>(i)].item<float>();
    }
    Plan result;
    for (const auto& [layer, units] : by_layer) {
      Edit edit{site, layer, operation, {}, {}};
      for (const auto& [dim, value] : units) {
        edit.dims.push_back(dim);
        edit.values.push_back(value);
      }
      result.edits.push_back(edit);
    }
    return result;
  }

  /// Greedy tokens of all texts at once, in batches of `batch_tokens`, against the reference.
  void check_greedy(const std::string& prefix, Tap* tap, std::int64_t batch_tokens) const {
    const Engine engine(*decoder_, {batch_tokens});
    const auto generated = engine.generate(texts_, {.max_new_tokens = 32, .stop_tokens = {}}, tap);
    std::int64_t compared = 0;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      const std::string number = std::to_string(i);
      const double size =
          expected(prefix + "logits." + number).square().mean().sqrt().item<double>();
      const double margin = 2 * size * testing::float_tolerance(depth_of(decoder_->config()));
      compared += expect_same_greedy(generated[i], expected(prefix + "greedy." + number),
                                     expected(prefix + "greedy_margin." + number), margin,
                                     prefix + "greedy." + number);
    }
    EXPECT_GE(compared, 32 * static_cast<std::int64_t>(texts_.size()) / 2)
        << prefix << ": too few steps were clear";
  }

  std::unique_ptr<SafetensorsFile> reference_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<Tokens> texts_;
};

TEST_P(TinyModel, SitesAndLogitsOfEveryPosition) {
  const Engine engine(*decoder_);
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const std::string number = std::to_string(i);
    testing::Recorder recorder;
    expect_close(engine.logits(texts_[i], &recorder), expected("logits." + number),
                 depth_of(decoder_->config()), "logits." + number);
    for (const Site site : all_sites) {
      const std::string name = "site." + site_name(site) + "." + number;
      expect_close(recorder.stacked(site), expected(name), depth_of(decoder_->config()), name);
    }
  }
}

TEST_P(TinyModel, LastTokensOfPackedTexts) {
  for (const std::int64_t batch_tokens : {1, 30, 4096}) {
    const Engine engine(*decoder_, {batch_tokens});
    const std::vector<SiteReading> readings = {
        {.site = Site::attention}, {.site = Site::ffn}, {.site = Site::layer}};
    ActivationTap tap(*decoder_, readings, texts_);
    engine.read(texts_, tap);
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      for (std::size_t j = 0; j < readings.size(); ++j) {
        const std::string name = "site." + site_name(readings[j].site) + "." + std::to_string(i);
        expect_close(tap.activations(j)[static_cast<std::int64_t>(i)], expected(name).select(1, -1),
                     depth_of(decoder_->config()), name);
      }
    }
  }
}

TEST_P(TinyModel, GreedyTokensAloneAndPacked) {
  for (const std::int64_t batch_tokens : {1, 100, 4096}) check_greedy("", nullptr, batch_tokens);
}

TEST_P(TinyModel, SteeredLogitsAndGreedyTokens) {
  for (const Site site : all_sites) {
    for (const auto& [operation, name] :
         {std::pair{Operation::scale, "scale"}, std::pair{Operation::directed, "directed"}}) {
      const std::string key = site_name(site) + "." + name;
      PlanTap tap(plan(site, operation, "plan." + key), *decoder_);
      const Engine engine(*decoder_);
      for (std::size_t i = 0; i < texts_.size(); ++i) {
        const std::string logits = "steered." + key + ".logits." + std::to_string(i);
        expect_close(engine.logits(texts_[i], &tap), expected(logits), depth_of(decoder_->config()),
                     logits);
      }
      check_greedy("steered." + key + ".", &tap, 4096);
    }
  }
}

/// The reference's log-probabilities of a text's tokens from `first` on, float64.
at::Tensor expected_log_probabilities(const at::Tensor& logits, const Tokens& text,
                                      std::size_t first) {
  const auto begin = static_cast<std::int64_t>(first);
  const auto end = static_cast<std::int64_t>(text.size());
  const at::Tensor wanted = at::tensor(std::vector<std::int64_t>(text.begin(), text.end()));
  return logits.to(at::kDouble)
      .log_softmax(-1)
      .slice(0, begin - 1, end - 1)
      .gather(1, wanted.slice(0, begin, end).unsqueeze(-1))
      .squeeze(-1);
}

TEST_P(TinyModel, LogProbabilitiesOfPackedTexts) {
  const std::string key = "ffn.scale";
  PlanTap tap(plan(Site::ffn, Operation::scale, "plan." + key), *decoder_);
  std::vector<Tokens> texts;
  std::vector<std::size_t> numbers;
  std::vector<std::size_t> first;  // from the second token to the last
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    if (texts_[i].size() < 2) continue;
    texts.push_back(texts_[i]);
    numbers.push_back(i);
    first.push_back(1 + i % (texts_[i].size() - 1));
  }
  ASSERT_GE(texts.size(), 3U);
  for (const std::int64_t batch_tokens : {1, 30, 4096}) {
    for (const bool steered : {false, true}) {
      const auto found = Engine(*decoder_, {batch_tokens})
                             .log_probabilities(texts, first, steered ? &tap : nullptr);
      ASSERT_EQ(found.size(), texts.size());
      for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string name =
            (steered ? "steered." + key + "." : "") + "logits." + std::to_string(numbers[i]);
        const at::Tensor logits = expected(name);
        const at::Tensor wanted = expected_log_probabilities(logits, texts[i], first[i]);
        // An error of the logits, relative to their size, is at most doubled by the softmax.
        const double size = logits.to(at::kDouble).square().mean(-1).sqrt().max().item<double>();
        const double tolerance = 2 * size * testing::float_tolerance(depth_of(decoder_->config()));
        const at::Tensor error = (at::tensor(found[i], at::kDouble) - wanted).abs();
        EXPECT_LE(error.max().item<double>(), tolerance) << name << " from " << first[i];
      }
    }
  }
}

TEST_P(TinyModel, LogProbabilitiesNeedATokenBeforeAndOneToJudge) {
  const Engine engine(*decoder_);
  for (const std::size_t first : {std::size_t{0}, texts_[0].size()}) {
    testing::expect_refusal<UsageError>(
        [&] {
          engine.log_probabilities({&texts_[0], 1}, {&first, 1});
        },
        "text 0 has no token to judge after one that is given");
  }
}

TEST_P(TinyModel, StreamedLayersComputeTheSame) {
  const std::filesystem::path folder = reference_->path().parent_path();
  const DecoderConfig config = read_config(folder);
  Placement placement = on_one_device(at::kCPU, config.layers);
  for (std::size_t i = 0; i < placement.streamed.size(); ++i) placement.streamed[i] = i % 3 != 1;
  const Decoder streamed(config, *open_safetensors_checkpoint(folder), at::kFloat, placement);
  const Engine engine(streamed);
  for (const Tokens& text : texts_) {
    // Copies are aligned otherwise than mapped weights, which may change the order of sums.
    expect_close(engine.logits(text), Engine(*decoder_).logits(text), depth_of(config), "logits");
  }
}

std::string model_name(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

INSTANTIATE_TEST_SUITE_P(Llama, TinyModel,
                         ::testing::Values("multi_head", "grouped_query", "three_heads",
                                           "five_heads", "wide_heads", "narrow_heads",
                                           "llama3_rope", "linear_rope", "biases", "sharded",
                                           "bfloat16", "old_llama3_rope", "old_linear_rope",
                                           "old_plain"),
                         model_name);
INSTANTIATE_TEST_SUITE_P(Mistral, TinyModel, ::testing::Values("mistral", "mistral_window"),
                         model_name);
INSTANTIATE_TEST_SUITE_P(Qwen, TinyModel,
                         ::testing::Values("qwen2", "qwen2_window", "qwen3", "qwen3_three_heads"),
                         model_name);
INSTANTIATE_TEST_SUITE_P(Experts, TinyModel,
                         ::testing::Values("experts", "experts_of_some_layers", "experts_many"),
                         model_name);
INSTANTIATE_TEST_SUITE_P(Gemma, TinyModel,
                         ::testing::Values("gemma2", "gemma2_odd_heads", "gemma2_long", "gemma3",
                                           "gemma3_short_window", "gemma3_old_spelling"),
                         model_name);
INSTANTIATE_TEST_SUITE_P(Nf4, TinyModel,
                         ::testing::Values("nf4_llama", "nf4_qwen3", "nf4_from_float16",
                                           "nf4_plain_scales"),
                         model_name);

}  // namespace
}  // namespace austeer
