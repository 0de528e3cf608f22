// Fast passes against plain ones, which compute every text by itself: texts that begin alike,
// plans that part on the way, texts that end while others wait.

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/activation_tap.hpp"
#include "engine/engine.hpp"
#include "engine/forks.hpp"
#include "engine/generation.hpp"
#include "engine/plan_tap.hpp"
#include "reference.hpp"
#include "tiny_model.hpp"

namespace austeer {
namespace {

using testing::expect_close;

/// Texts that share beginnings with one another in every way, in no order; the first prompt tokens
/// of each.
struct AlikeTexts {
  explicit AlikeTexts(const Tokens& base) {
    const auto start = [&](std::size_t count) {
      return Tokens(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(count));
    };
    const std::size_t all = base.size();
    add(start(all), {5}, all);
    add(start(all / 2), {7, 8, 9, 10, 11}, all / 2 + 2);
    add({3}, {4}, 1);
    add(start(all), {6, 7, 8}, all);
    add(start(all / 2), {7, 8, 12}, all / 2);
    add(start(all), {5}, all);                  // as the first
    add(start(all), {5, 9, 9, 9, 2}, all + 2);  // begins with it
    add(start(2), {1, 1}, 2);
    for (TokenId token = 20; token < 30; ++token) add(start(all - 1), {token, 1, token}, all + 1);
  }

  void add(Tokens text, const Tokens& more, std::size_t prompt) {
    text.insert(text.end(), more.begin(), more.end());
    texts.push_back(std::move(text));
    prompts.push_back(prompt);
  }

  std::vector<Tokens> texts;
  std::vector<std::size_t> prompts;
};

/// Edits some units of every site in every layer from `first` on, at `positions`.
Plan plan_from(const Decoder& decoder, std::int64_t first, Positions positions, float value) {
  Plan plan;
  for (std::int64_t layer = first; layer < decoder.config().layers; ++layer) {
    for (const Site site : testing::sites_of(decoder.config())) {
      plan.edits.push_back(
          {site, layer, Operation::scale, {0, 2, 5}, {value, -value, value}, positions});
    }
  }
  return plan;
}

/// Counts rows, and passes in which prompts stand beside newer tokens.
class RowCounter : public Tap {
 public:
  bool wants(Site site, std::int64_t layer) const override {
    return site == Site::layer && layer == 0;
  }
  void visit(Site /*site*/, std::int64_t /*layer*/, const Rows& rows, at::Tensor& /*x*/) override {
    const auto all = static_cast<std::int64_t>(rows.position.size());
    std::int64_t newer = 0;
    for (std::size_t i = 0; i < rows.position.size(); ++i) {
      newer += rows.position[i] > rows.prompt_last[i] ? 1 : 0;
    }
    counted += all;
    mixed += newer > 0 && newer < all ? 1 : 0;
    most_newer = std::max(most_newer, newer);
  }

  std::int64_t counted = 0;
  std::int64_t mixed = 0;
  std::int64_t most_newer = 0;
};

class Sharing : public ::testing::TestWithParam<const char*> {
 protected:
  const testing::TinyModel& model = testing::tiny_model(GetParam());
  const AlikeTexts alike{model.texts[3]};
  const EngineOptions plain{4096, PassKind::plain};

  static std::vector<EngineOptions> fast() { return {{60}, {4096}}; }

  /// Rounding may decide where the two best logits lie close together, and the texts part there.
  void expect_same_text(const Tokens& found, const Tokens& expected, const Tokens& prompt, Tap* tap,
                        const std::string& what) const {
    const auto [at, other] = std::ranges::mismatch(found, expected);
    if (at == found.end() && other == expected.end()) return;
    Tokens known = prompt;
    known.insert(known.end(), expected.begin(), other);
    const at::Tensor logits =
        Engine(model.decoder, plain).logits(known, tap, prompt.size())[-1].to(at::kDouble);
    const auto best = std::get<0>(logits.topk(2));
    const double size = logits.square().mean().sqrt().item<double>();
    EXPECT_LE((best[0] - best[1]).item<double>(),
              2 * size * testing::float_tolerance(model.depth()))
        << what << ", token " << at - found.begin();
  }

  void expect_alike(Tap* tap, const std::string& what, std::int64_t new_tokens = 4) const {
    const auto expected =
        Engine(model.decoder, plain).log_probabilities(alike.texts, alike.prompts, tap);
    const GenerateOptions generate{.max_new_tokens = new_tokens, .stop_tokens = {1}};
    const auto written = Engine(model.decoder, plain).generate(alike.texts, generate, tap);
    // A logarithm's error is that of logits, at most doubled by the softmax.
    const at::Tensor logits = Engine(model.decoder, plain).logits(alike.texts[0], tap);
    const double size = logits.square().mean().sqrt().item<double>();
    const double tolerance = 2 * size * testing::float_tolerance(model.depth());
    for (const EngineOptions& options : fast()) {
      const Engine engine(model.decoder, options);
      const std::string how = what + ", " + std::to_string(options.batch_tokens);
      const auto found = engine.log_probabilities(alike.texts, alike.prompts, tap);
      for (std::size_t i = 0; i < found.size(); ++i) {
        const at::Tensor wanted = at::tensor(expected[i], at::kDouble);
        EXPECT_LE((at::tensor(found[i], at::kDouble) - wanted).abs().max().item<double>(),
                  tolerance)
            << how << ", text " << i;
      }
      const auto texts = engine.generate(alike.texts, generate, tap);
      for (std::size_t i = 0; i < texts.size(); ++i) {
        expect_same_text(texts[i], written[i], alike.texts[i], tap,
                         how + ", text " + std::to_string(i));
      }
    }
  }
};

TEST_P(Sharing, ActivationsAreThoseOfSeparateTexts) {
  std::vector<SiteReading> readings;
  for (const Site site : testing::sites_of(model.decoder.config())) {
    readings.push_back({.site = site});
    readings.push_back({.site = site, .positions = ReadPositions::answer_mean});
    readings.push_back({.site = site, .positions = ReadPositions::answer_all});
  }
  ActivationTap expected(model.decoder, readings, alike.texts, alike.prompts);
  Engine(model.decoder, plain).read(alike.texts, expected, alike.prompts);
  for (const EngineOptions& options : fast()) {
    ActivationTap found(model.decoder, readings, alike.texts, alike.prompts);
    Engine(model.decoder, options).read(alike.texts, found, alike.prompts);
    for (std::size_t i = 0; i < readings.size(); ++i) {
      expect_close(found.activations(i), expected.activations(i), model.depth(),
                   site_reading_name(readings[i]) + ", " + std::to_string(options.batch_tokens));
    }
  }
}

TEST_P(Sharing, AnswersAreThoseOfSeparateTexts) {
  expect_alike(nullptr, "unsteered", 70);  // through several blocks of keys
}

TEST_P(Sharing, EditsMeetTheSamePositions) {
  for (const Positions positions :
       {Positions::all, Positions::last_prompt, Positions::last, Positions::from_last_prompt}) {
    PlanTap tap(plan_from(model.decoder, 0, positions, 0.5F), model.decoder);
    expect_alike(&tap, positions_name(positions));
  }
}

TEST_P(Sharing, ClampsSeeTheirOwnPrompts) {
  Plan plan = plan_from(model.decoder, 1, Positions::last_prompt, 0.5F);
  for (Edit& edit : plan.edits) edit.operation = Operation::clamp;
  PlanTap tap(plan, model.decoder);
  expect_alike(&tap, "clamp");
}

TEST_P(Sharing, VariantsAreThoseOfSeparateRuns) {
  const std::int64_t layers = model.decoder.config().layers;
  const Plan edited = plan_from(model.decoder, 1, Positions::all, 0.5F);
  std::vector<Plan> plans = {{}, plan_from(model.decoder, 0, Positions::all, 0.5F), edited, edited};
  plans.push_back(plan_from(model.decoder, 1, Positions::all, 2));
  plans.push_back(plan_from(model.decoder, layers - 1, Positions::all, 1));
  // Alike but for one thing each; and two clamps, which are never alike.
  plans.push_back(plan_from(model.decoder, 1, Positions::from_last_prompt, 0.5F));
  plans.push_back(edited);
  for (Edit& edit : plans.back().edits) edit.operation = Operation::directed;
  plans.push_back(edited);
  for (Edit& edit : plans.back().edits) edit.dims = {0, 2, 6};
  for (int i = 0; i < 2; ++i) {
    plans.push_back(plan_from(model.decoder, 1, Positions::last_prompt, 0.5F));
    for (Edit& edit : plans.back().edits) edit.operation = Operation::clamp;
  }
  std::vector<PlanTap> taps;
  for (const Plan& plan : plans) taps.emplace_back(plan, model.decoder);
  std::vector<Tap*> each;
  for (PlanTap& tap : taps) each.push_back(&tap);
  for (const EngineOptions& options : fast()) {
    const Engine engine(model.decoder, options);
    const auto together = engine.log_probabilities(alike.texts, alike.prompts, each);
    const auto tokens = engine.generate(alike.texts, {}, each);
    for (std::size_t i = 0; i < taps.size(); ++i) {
      EXPECT_EQ(together[i], engine.log_probabilities(alike.texts, alike.prompts, each[i])) << i;
      EXPECT_EQ(tokens[i], engine.generate(alike.texts, {}, each[i])) << i;
    }
  }
  // Layer 0 for the plan that edits it and for all others; from layer 1 on seven kinds of edit
  // beside none, which the plan of the last layer leaves only there.
  EXPECT_EQ(Forks(each, layers).layers_run(), layers + 1 + 7 * (layers - 1) + (layers - 2) + 2);
}

INSTANTIATE_TEST_SUITE_P(Families, Sharing,
                         ::testing::Values("grouped_query", "gemma2", "mistral_window", "experts"));

TEST(SharedTokens, StandBeforeTheEndOfEitherPrompt) {
  const Tokens text = {1, 2, 3, 4, 5};
  const Tokens longer = {1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(shared_tokens({0, text, 5}, {1, longer, 7}), 4);
  EXPECT_EQ(shared_tokens({0, text, 5}, {1, text, 5}), 4);
  EXPECT_EQ(shared_tokens({0, text, 3, 2}, {1, longer, 7}), 2);
  EXPECT_EQ(shared_tokens({0, text, 5}, {1, longer, 7, 5}), 2);
  EXPECT_EQ(shared_tokens({0, text, 0, 5}, {1, longer, 7}), 0);
}

TEST(Batches, CountOnlyWhatIsComputed) {
  const testing::TinyModel& model = testing::tiny_model("grouped_query");
  const AlikeTexts alike(model.texts[3]);
  RowCounter shared;
  Engine(model.decoder).read(alike.texts, shared);
  RowCounter separate;
  Engine(model.decoder, {4096, PassKind::plain}).read(alike.texts, separate);
  // Each token that stands before the last of its text, and differs in what leads to it, once.
  std::set<Tokens> begun;
  for (const Tokens& text : alike.texts) {
    for (std::size_t count = 1; count < text.size(); ++count) {
      begun.insert(Tokens(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(count)));
    }
  }
  EXPECT_EQ(shared.counted, static_cast<std::int64_t>(begun.size() + alike.texts.size()));
  std::int64_t all = 0;
  for (const Tokens& text : alike.texts) all += static_cast<std::int64_t>(text.size());
  EXPECT_EQ(separate.counted, all);
}

TEST(Batches, WaitingPromptsJoinTextsThatGoOn) {
  const testing::TinyModel& model = testing::tiny_model("grouped_query");
  const AlikeTexts alike(model.texts[3]);
  RowCounter rows;
  const EngineOptions engine{40};
  const GenerateOptions generate{.max_new_tokens = 12, .stop_tokens = {}};
  std::int64_t completed = 0;
  Engine(model.decoder, engine).generate(alike.texts, generate, &rows, [&](std::int64_t texts) {
    completed += texts;
  });
  EXPECT_GT(rows.mixed, 0);
  EXPECT_LE(rows.most_newer, most_held_tokens(engine) / generate.max_new_tokens);
  EXPECT_EQ(completed, static_cast<std::int64_t>(alike.texts.size()));
}

TEST(Batches, TextsEndAfterTheTokensThatTheCallerChooses) {
  const testing::TinyModel& model = testing::tiny_model("grouped_query");
  const AlikeTexts alike(model.texts[3]);
  GenerateOptions generate{.max_new_tokens = 8, .stop_tokens = {}};
  const auto whole = Engine(model.decoder).generate(alike.texts, generate);
  generate.ends_after = [](std::span<const TokenId> tokens) {
    return tokens.size() == static_cast<std::size_t>(2 + tokens.front() % 4);
  };
  for (const PassKind passes : {PassKind::fast, PassKind::plain}) {
    const auto cut = Engine(model.decoder, {40, passes}).generate(alike.texts, generate);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      Tokens expected = whole[i];
      expected.resize(static_cast<std::size_t>(2 + expected.front() % 4));
      EXPECT_EQ(cut[i], expected) << i;
    }
  }
}

}  // namespace
}  // namespace austeer
