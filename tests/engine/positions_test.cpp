// Which rows a tap is shown and a plan edits: prompts and answers, the prefill and each decode
// step, and the unsteered pass that clamping needs.

#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "engine/engine.hpp"
#include "engine/plan_tap.hpp"
#include "reference.hpp"
#include "testing.hpp"
#include "tiny_model.hpp"

namespace austeer {
namespace {

using testing::expect_close;
using testing::SteeringCase;

struct PositionsTest : ::testing::Test {
  const testing::TinyModel& model = testing::tiny_model("grouped_query");
  const std::int64_t last_layer = model.decoder.config().layers - 1;

  PlanTap tap(const std::string& key) const {
    return PlanTap(model.plan(SteeringCase(key)), model.decoder);
  }

  std::vector<Tokens> generate(Tap* tap, std::int64_t batch_tokens = 4096) const {
    return Engine(model.decoder, {batch_tokens})
        .generate(model.texts, {.max_new_tokens = 8, .stop_tokens = {}}, tap);
  }

  /// A plan that clamps every unit of `site` to what it is without a plan.
  Plan clamp_all(Site site) const {
    Plan plan;
    for (std::int64_t layer = 0; layer <= last_layer; ++layer) {
      Edit edit{site, layer, Operation::clamp, {}, {}, Positions::last_prompt};
      for (std::int64_t dim = 0; dim < model.decoder.site_width(site); ++dim) {
        edit.dims.push_back(dim);
        edit.values.push_back(0);
      }
      plan.edits.push_back(edit);
    }
    return plan;
  }
};

/// Rows of the residual stream by (text, position), per layer.
class RowTap : public Tap {
 public:
  bool wants(Site site, std::int64_t /*layer*/) const override { return site == Site::layer; }
  void visit(Site /*site*/, std::int64_t layer, const Rows& rows,
             at::Tensor& activations) override {
    ASSERT_EQ(static_cast<std::int64_t>(rows.position.size()), activations.size(0));
    ASSERT_EQ(rows.prompt_last.size(), rows.position.size());
    ASSERT_EQ(rows.text.size(), rows.position.size());
    for (std::size_t i = 0; i < rows.position.size(); ++i) {
      seen[layer][{rows.text[i], rows.position[i]}] =
          activations[static_cast<std::int64_t>(i)].clone();
      prompt_last[rows.text[i]] = rows.prompt_last[i];
    }
  }

  using Place = std::pair<std::int64_t, std::int64_t>;
  std::map<std::int64_t, std::map<Place, at::Tensor>> seen;
  std::map<std::int64_t, std::int64_t> prompt_last;
};

TEST_F(PositionsTest, ReadShowsTheAnswersRowsInTheLastLayer) {
  std::vector<std::size_t> first = model.prompts;
  first[0] = 0;  // its one token is the answer
  first[3] = model.texts[3].size() - 1;
  for (const std::int64_t batch_tokens : {1, 30, 4096}) {
    RowTap rows;
    Engine(model.decoder, {batch_tokens, PassKind::plain}).read(model.texts, rows, first);
    std::size_t all = 0;
    std::size_t answers = 0;
    for (std::size_t i = 0; i < model.texts.size(); ++i) {
      const auto text = static_cast<std::int64_t>(i);
      EXPECT_EQ(rows.prompt_last.at(text), static_cast<std::int64_t>(first[i]) - 1);
      const at::Tensor expected = model.expected("site.layer." + std::to_string(i));
      for (std::size_t token = first[i]; token < model.texts[i].size(); ++token) {
        const auto position = static_cast<std::int64_t>(token);
        for (std::int64_t layer = 0; layer <= last_layer; ++layer) {
          ASSERT_TRUE(rows.seen[layer].contains({text, position})) << text << ", " << position;
          expect_close(rows.seen[layer].at({text, position}), expected[layer][position],
                       model.depth(), "layer " + std::to_string(layer));
        }
      }
      all += model.texts[i].size();
      answers += model.texts[i].size() - first[i];
    }
    EXPECT_EQ(rows.seen[0].size(), all);
    EXPECT_EQ(rows.seen[last_layer].size(), answers);
  }
}

TEST_F(PositionsTest, ReadWithoutAnswersShowsLastTokens) {
  RowTap rows;
  std::int64_t completed = 0;
  Engine(model.decoder, {30}).read(model.texts, rows, {}, [&](auto texts) { completed += texts; });
  EXPECT_EQ(rows.seen[last_layer].size(), model.texts.size());
  for (std::size_t i = 0; i < model.texts.size(); ++i) {
    EXPECT_EQ(rows.prompt_last.at(static_cast<std::int64_t>(i)),
              static_cast<std::int64_t>(model.texts[i].size()) - 1);
  }
  EXPECT_EQ(completed, static_cast<std::int64_t>(model.texts.size()));
}

TEST_F(PositionsTest, BoundariesThatDoNotFitAreRefused) {
  const Engine engine(model.decoder);
  RowTap rows;
  std::vector<std::size_t> first = model.prompts;
  first[0] = 0;
  first[1] = model.texts[1].size();
  testing::expect_refusal<UsageError>([&] { engine.read(model.texts, rows, first); },
                                      "text 1 has no answer token");
  first.pop_back();
  testing::expect_refusal<UsageError>([&] { engine.read(model.texts, rows, first); },
                                      "each text needs its first answer token");
  testing::expect_refusal<UsageError>(
      [&] { engine.logits(model.texts[1], nullptr, model.texts[1].size() + 1); },
      "shorter than its prompt");
}

TEST_F(PositionsTest, LastAndFromLastPromptDifferWhereTheAnswerIsGiven) {
  PlanTap last = tap("attention.add.last");
  PlanTap from_last_prompt = tap("attention.add.from_last_prompt");
  EXPECT_EQ(generate(&last), generate(&from_last_prompt));
  EXPECT_NE(generate(&last), generate(nullptr));

  const Engine engine(model.decoder);
  const Tokens& text = model.texts[3];
  const auto prompt = static_cast<std::int64_t>(model.prompts[3]);
  const at::Tensor plain = engine.logits(text);
  const at::Tensor newest = engine.logits(text, &last, model.prompts[3]);
  const at::Tensor all_new = engine.logits(text, &from_last_prompt, model.prompts[3]);
  const auto changed = [&](const at::Tensor& logits) {
    return (logits != plain).any(-1).nonzero().squeeze(-1);
  };
  const auto length = static_cast<std::int64_t>(text.size());
  EXPECT_TRUE(at::equal(changed(newest), at::arange(length - 1, length)));
  EXPECT_TRUE(at::equal(changed(all_new), at::arange(prompt - 1, length)));
}

/// Counts, for another tap, the visits that changed something.
class ChangeCounter : public Tap {
 public:
  explicit ChangeCounter(Tap& tap) : tap_(tap) {}
  void begin_pass() override { tap_.begin_pass(); }
  bool wants(Site site, std::int64_t layer) const override { return tap_.wants(site, layer); }
  bool wants_clean_pass() const override { return tap_.wants_clean_pass(); }
  void observe(Site site, std::int64_t layer, const Rows& rows,
               const at::Tensor& activations) override {
    tap_.observe(site, layer, rows, activations);
  }
  void visit(Site site, std::int64_t layer, const Rows& rows, at::Tensor& activations) override {
    const at::Tensor before = activations.clone();
    tap_.visit(site, layer, rows, activations);
    const bool decodes = rows.position.front() > rows.prompt_last.front();
    ++(decodes ? decode_visits : prefill_visits);
    if (!at::equal(before, activations)) ++(decodes ? decode_changes : prefill_changes);
  }

  int prefill_visits = 0;
  int prefill_changes = 0;
  int decode_visits = 0;
  int decode_changes = 0;

 private:
  Tap& tap_;
};

TEST_F(PositionsTest, LastPromptActsInThePrefillAlone) {
  int cases = 0;
  for (const SteeringCase& steering : model.cases()) {
    PlanTap tap(model.plan(steering), model.decoder);
    ChangeCounter counter(tap);
    generate(&counter);
    EXPECT_GT(counter.prefill_changes, 0) << steering.key;
    EXPECT_EQ(counter.decode_visits, 7 * counter.prefill_visits) << steering.key;
    if (steering.positions == Positions::last_prompt) {
      EXPECT_EQ(counter.decode_changes, 0) << steering.key;
      ++cases;
    } else {
      EXPECT_EQ(counter.decode_changes, counter.decode_visits) << steering.key;
    }
  }
  EXPECT_GE(cases, 4);
}

TEST_F(PositionsTest, ClampingToItselfChangesNothing) {
  for (const Site site : all_sites) {
    PlanTap tap(clamp_all(site), model.decoder);
    EXPECT_TRUE(tap.wants_clean_pass());
    for (const std::int64_t batch_tokens : {1, 60, 4096}) {
      EXPECT_EQ(generate(&tap, batch_tokens), generate(nullptr, batch_tokens)) << site_name(site);
    }
  }
}

/// Wants a clean pass and edits in the one that follows.
class Observer : public RowTap {
 public:
  bool wants_clean_pass() const override { return true; }
  void visit(Site /*site*/, std::int64_t /*layer*/, const Rows& /*rows*/,
             at::Tensor& activations) override {
    activations.mul_(2);
  }
  void observe(Site site, std::int64_t layer, const Rows& rows,
               const at::Tensor& activations) override {
    at::Tensor copy = activations.clone();
    RowTap::visit(site, layer, rows, copy);
    ++observed[layer];
  }

  std::map<std::int64_t, int> observed;
};

TEST_F(PositionsTest, TheCleanPassIsUnsteeredAndCoversThePromptsAlone) {
  const auto expect_clean = [&](const Observer& observer, std::size_t i, std::size_t prompt) {
    const auto text = static_cast<std::int64_t>(i);
    const auto last = static_cast<std::int64_t>(prompt) - 1;
    const at::Tensor expected = model.expected("site.layer." + std::to_string(i));
    for (std::int64_t layer = 0; layer <= last_layer; ++layer) {
      const auto& seen = observer.seen.at(layer);
      ASSERT_TRUE(seen.contains({text, last})) << i;
      expect_close(seen.at({text, last}), expected[layer][last], model.depth(), "clean");
      EXPECT_FALSE(seen.contains({text, last + 1}));
    }
    EXPECT_EQ(observer.seen.at(last_layer).contains({text, last - 1}), false);
  };
  Observer generating;
  Engine(model.decoder, {100})
      .generate(model.texts, {.max_new_tokens = 8, .stop_tokens = {}}, &generating);
  for (std::size_t i = 0; i < model.texts.size(); ++i) {
    expect_clean(generating, i, model.texts[i].size());
  }
  Observer judging;
  const std::vector<Tokens> texts(model.texts.begin() + 1, model.texts.end());
  const std::vector<std::size_t> prompts(model.prompts.begin() + 1, model.prompts.end());
  Engine(model.decoder).log_probabilities(texts, prompts, &judging);
  EXPECT_EQ(judging.observed.at(0), 1);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(judging.prompt_last.at(static_cast<std::int64_t>(i)),
              static_cast<std::int64_t>(prompts[i]) - 1);
  }
  Observer reading;
  Engine(model.decoder).logits(model.texts[3], &reading, model.prompts[3]);
  EXPECT_EQ(reading.seen.at(0).size(), model.prompts[3]);
}

TEST_F(PositionsTest, PlansThatCannotBeCarriedOutAreRefused) {
  const auto refuse = [&](const Edit& edit, const std::string& message) {
    testing::expect_refusal<UsageError>([&] { PlanTap({{edit}, {}}, model.decoder); }, message);
  };
  refuse({Site::ffn, 0, Operation::clamp, {0}, {1.0F}}, "clamp acts at last_prompt alone");
  refuse({Site::ffn, last_layer + 1, Operation::add, {0}, {1.0F}}, "does not fit the model");
  refuse({Site::ffn_gate, 0, Operation::add, {96}, {1.0F}}, "of width 96 at site ffn_gate");
  const testing::TinyModel& experts = testing::tiny_model("experts");
  testing::expect_refusal<UsageError>(
      [&] {
        PlanTap({{{Site::ffn_gate, 0, Operation::add, {0}, {1.0F}}}, {}}, experts.decoder);
      },
      "a model with experts has no site ffn_gate");
}

TEST_F(PositionsTest, ClampWithoutACleanPassIsRefused) {
  PlanTap tap(clamp_all(Site::ffn), model.decoder);
  at::Tensor activations = at::ones({1, model.decoder.config().width});
  const Rows rows{{0}, {0}, {0}, {0}};
  testing::expect_refusal<ComputeError>([&] { tap.visit(Site::ffn, 0, rows, activations); },
                                        "an unsteered pass over the same prompts");
}

}  // namespace
}  // namespace austeer
