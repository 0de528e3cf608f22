// The engine against `transformers` on tiny random models: activations of every site, logits,
// greedy tokens, plain and steered, one text alone and several packed.

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "engine/activation_tap.hpp"
#include "engine/engine.hpp"
#include "engine/plan_tap.hpp"
#include "models/decoder.hpp"
#include "recorder.hpp"
#include "reference.hpp"
#include "testing.hpp"
#include "tiny_model.hpp"

namespace austeer {
namespace {

using testing::expect_close;
using testing::expect_same_greedy;
using testing::SteeringCase;

class TinyModel : public ::testing::TestWithParam<const char*> {
 protected:
  at::Tensor expected(const std::string& name) const { return model_.expected(name); }

  /// Greedy tokens of all texts at once, in batches of `batch_tokens`, against the reference.
  void check_greedy(const std::string& prefix, Tap* tap, std::int64_t batch_tokens) const {
    const std::int64_t steps = expected(prefix + "greedy.0").size(0);
    const Engine engine(model_.decoder, {batch_tokens});
    const auto generated =
        engine.generate(model_.texts, {.max_new_tokens = steps, .stop_tokens = {}}, tap);
    std::int64_t compared = 0;
    for (std::size_t i = 0; i < generated.size(); ++i) {
      const std::string number = std::to_string(i);
      const double size =
          expected(prefix + "logits." + number).square().mean().sqrt().item<double>();
      const double margin = 2 * size * testing::float_tolerance(model_.depth());
      compared += expect_same_greedy(generated[i], expected(prefix + "greedy." + number),
                                     expected(prefix + "greedy_margin." + number), margin,
                                     prefix + "greedy." + number);
    }
    EXPECT_GE(compared, steps * static_cast<std::int64_t>(generated.size()) / 2)
        << prefix << ": too few steps were clear";
  }

  /// Log-probabilities of packed texts against the logits of each text alone.
  void check_log_probabilities(const SteeringCase& steering, std::int64_t batch_tokens) {
    const auto [texts, prompts] = texts_with_answers();
    PlanTap tap(model_.plan(steering), model_.decoder);
    const auto found =
        Engine(model_.decoder, {batch_tokens}).log_probabilities(texts, prompts, &tap);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Tokens given = texts[i];
      given.pop_back();  // nothing is computed for a token that is only asked about
      const at::Tensor logits = Engine(model_.decoder).logits(given, &tap, prompts[i]);
      expect_log_probabilities(found[i], logits, texts[i], prompts[i], steering.key);
    }
  }

  /// Those that have a token after their prompt.
  std::pair<std::vector<Tokens>, std::vector<std::size_t>> texts_with_answers() const {
    std::pair<std::vector<Tokens>, std::vector<std::size_t>> result;
    for (std::size_t i = 0; i < model_.texts.size(); ++i) {
      if (model_.texts[i].size() == model_.prompts[i]) continue;
      result.first.push_back(model_.texts[i]);
      result.second.push_back(model_.prompts[i]);
    }
    return result;
  }

  /// `logits` [T or more, V] after each of the text's tokens; `found`: of those from `first` on.
  void expect_log_probabilities(const std::vector<double>& found, const at::Tensor& logits,
                                const Tokens& text, std::size_t first,
                                const std::string& what) const {
    const auto begin = static_cast<std::int64_t>(first);
    const auto end = static_cast<std::int64_t>(text.size());
    const at::Tensor tokens = at::tensor(std::vector<std::int64_t>(text.begin(), text.end()));
    const at::Tensor wanted = logits.to(at::kDouble)
                                  .log_softmax(-1)
                                  .slice(0, begin - 1, end - 1)
                                  .gather(1, tokens.slice(0, begin, end).unsqueeze(-1))
                                  .squeeze(-1);
    // An error of the logits, relative to their size, is at most doubled by the softmax.
    const double size = logits.to(at::kDouble).square().mean(-1).sqrt().max().item<double>();
    const double tolerance = 2 * size * testing::float_tolerance(model_.depth());
    ASSERT_EQ(static_cast<std::int64_t>(found.size()), end - begin) << what;
    const at::Tensor error = (at::tensor(found, at::kDouble) - wanted).abs();
    EXPECT_LE(error.max().item<double>(), tolerance) << what << " from " << first;
  }

  const testing::TinyModel& model_ = testing::tiny_model(GetParam());
};

TEST_P(TinyModel, SitesAndLogitsOfEveryPosition) {
  const Engine engine(model_.decoder);
  for (std::size_t i = 0; i < model_.texts.size(); ++i) {
    const std::string number = std::to_string(i);
    testing::Recorder recorder;
    expect_close(engine.logits(model_.texts[i], &recorder), expected("logits." + number),
                 model_.depth(), "logits." + number);
    for (const Site site : testing::sites_of(model_.decoder.config())) {
      const std::string name = "site." + site_name(site) + "." + number;
      expect_close(recorder.stacked(site), expected(name), model_.depth(), name);
    }
  }
}

TEST_P(TinyModel, LastTokensOfPackedTexts) {
  for (const std::int64_t batch_tokens : {1, 30, 4096}) {
    const Engine engine(model_.decoder, {batch_tokens});
    std::vector<SiteReading> readings;
    for (const Site site : testing::sites_of(model_.decoder.config())) {
      readings.push_back({.site = site});
    }
    ActivationTap tap(model_.decoder, readings, model_.texts);
    engine.read(model_.texts, tap);
    for (std::size_t i = 0; i < model_.texts.size(); ++i) {
      for (std::size_t j = 0; j < readings.size(); ++j) {
        const std::string name = "site." + site_name(readings[j].site) + "." + std::to_string(i);
        expect_close(tap.activations(j)[static_cast<std::int64_t>(i)], expected(name).select(1, -1),
                     model_.depth(), name);
      }
    }
  }
}

TEST_P(TinyModel, GreedyTokensAloneAndPacked) {
  for (const std::int64_t batch_tokens : {1, 100, 4096}) check_greedy("", nullptr, batch_tokens);
}

TEST_P(TinyModel, SteeredLogitsAndGreedyTokens) {
  const Engine engine(model_.decoder);
  for (const SteeringCase& steering : model_.cases()) {
    PlanTap tap(model_.plan(steering), model_.decoder);
    for (std::size_t i = 0; i < model_.texts.size(); ++i) {
      const std::string logits = "steered." + steering.key + ".logits." + std::to_string(i);
      expect_close(engine.logits(model_.texts[i], &tap, model_.prompts[i]), expected(logits),
                   model_.depth(), logits);
    }
    check_greedy("steered." + steering.key + ".", &tap, 4096);
    if (steering.positions != Positions::all) {
      check_greedy("steered." + steering.key + ".", &tap, 1);
    }
  }
}

TEST_P(TinyModel, SteeredInEveryWay) {
  std::set<Site> sites;
  std::set<Operation> operations;
  std::set<Positions> positions;
  for (const SteeringCase& steering : model_.cases()) {
    sites.insert(steering.site);
    operations.insert(steering.operation);
    positions.insert(steering.positions);
  }
  EXPECT_EQ(sites.size(), testing::sites_of(model_.decoder.config()).size());
  EXPECT_EQ(operations.size(), 5U);
  EXPECT_EQ(positions.size(), 4U);
}

TEST_P(TinyModel, LogProbabilitiesOfPackedTexts) {
  const auto [texts, prompts] = texts_with_answers();
  ASSERT_GE(texts.size(), 3U);
  const SteeringCase steering("ffn.scale.all");
  PlanTap tap(model_.plan(steering), model_.decoder);
  const std::size_t skipped = model_.texts.size() - texts.size();
  for (const std::int64_t batch_tokens : {1, 30, 4096}) {
    for (const bool steered : {false, true}) {
      const auto found = Engine(model_.decoder, {batch_tokens})
                             .log_probabilities(texts, prompts, steered ? &tap : nullptr);
      ASSERT_EQ(found.size(), texts.size());
      for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string name = (steered ? "steered." + steering.key + "." : "") + "logits." +
                                 std::to_string(skipped + i);
        expect_log_probabilities(found[i], expected(name), texts[i], prompts[i], name);
      }
    }
  }
}

TEST_P(TinyModel, LogProbabilitiesAtChosenPositions) {
  for (const SteeringCase& steering : model_.cases()) {
    if (steering.positions == Positions::all) continue;
    for (const std::int64_t batch_tokens : {1, 4096}) {
      check_log_probabilities(steering, batch_tokens);
    }
  }
}

TEST_P(TinyModel, LogProbabilitiesNeedATokenBeforeAndOneToJudge) {
  const Engine engine(model_.decoder);
  for (const std::size_t first : {std::size_t{0}, model_.texts[0].size()}) {
    testing::expect_refusal<UsageError>(
        [&] {
          engine.log_probabilities({&model_.texts[0], 1}, {&first, 1});
        },
        "text 0 has no token to judge after one that is given");
  }
}

TEST_P(TinyModel, StreamedLayersComputeTheSame) {
  const DecoderConfig& config = model_.decoder.config();
  Placement placement = on_one_device(at::kCPU, config.layers);
  for (std::size_t i = 0; i < placement.streamed.size(); ++i) placement.streamed[i] = i % 3 != 1;
  const Decoder streamed(config, FolderModel(model_.folder), at::kFloat, placement);
  const Engine engine(streamed);
  for (const Tokens& text : model_.texts) {
    // Copies are aligned otherwise than mapped weights, which may change the order of sums.
    expect_close(engine.logits(text), Engine(model_.decoder).logits(text), model_.depth(),
                 "logits");
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
INSTANTIATE_TEST_SUITE_P(TextPart, TinyModel,
                         ::testing::Values("gemma3_pictures", "gemma3_pictures_published"),
                         model_name);
INSTANTIATE_TEST_SUITE_P(Yarn, TinyModel, ::testing::Values("yarn", "yarn_tuned", "yarn_attention"),
                         model_name);
INSTANTIATE_TEST_SUITE_P(Nf4, TinyModel,
                         ::testing::Values("nf4_llama", "nf4_qwen3", "nf4_from_float16",
                                           "nf4_plain_scales"),
                         model_name);

}  // namespace
}  // namespace austeer
