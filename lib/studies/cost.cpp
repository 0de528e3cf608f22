#include "studies/cost.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>

#include "runs/answers.hpp"
#include "studies/entry_run.hpp"
#include "studies/selecting.hpp"

namespace austeer {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t measured_items = 8;
constexpr std::int64_t measured_steps = 4;

double seconds_of(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What one item of a task costs.
struct ItemCost {
  double tokens = 0;
  double seconds = 0;
  double seconds_per_token = 0;  ///< of a text that is read once
};

std::int64_t tokens_of(const std::vector<Item>& items, const Tokenizer& tokenizer) {
  std::int64_t tokens = 0;
  for (const Item& item : items) {
    tokens += static_cast<std::int64_t>(tokenizer.encode(item.prompt).size());
  }
  return tokens;
}

/// Tokens are counted with the prompt once for each choice, which share it.
ItemCost measure_choices(const std::vector<Item>& items, const Model& model,
                         const EngineOptions& engine) {
  const double count = static_cast<double>(items.size());
  double tokens = 0;
  for (const Item& item : items) {
    tokens +=
        static_cast<double>(model.tokenizer->encode(item.prompt).size() * item.choices.size());
  }
  const double seconds =
      seconds_of([&] { score_choices(items, model, engine, std::array<Tap*, 1>{}, "measuring"); });
  return {tokens / count, seconds / count, seconds / tokens};
}

/// A first token for the prompts' cost, a few more for that of a decode step.
ItemCost measure_generation(const std::vector<Item>& items, const Model& model,
                            const EngineOptions& engine, std::int64_t length) {
  const double count = static_cast<double>(items.size());
  const auto tokens = static_cast<double>(tokens_of(items, *model.tokenizer));
  const auto generate = [&](std::int64_t steps) {
    generate_answers(items, model, steps, {}, engine, std::array<Tap*, 1>{}, "measuring");
  };
  const double first = seconds_of([&] { generate(1); });
  ItemCost cost{tokens / count + static_cast<double>(length), first / count, first / tokens};
  if (length > 1) {
    const double more = seconds_of([&] { generate(1 + measured_steps); });
    const double step = std::max(0.0, more - first) / static_cast<double>(measured_steps);
    cost.seconds += step * static_cast<double>(length - 1) / count;
  }
  return cost;
}

ItemCost measure(const StudyTask& task, const CellRunner& runner, const Model& model,
                 const EngineOptions& engine) {
  std::vector<Item> items = runner.splits().items(false);
  items.resize(std::min(items.size(), measured_items));
  if (task.scoring == Scoring::choices) return measure_choices(items, model, engine);
  return measure_generation(items, model, engine, runner.max_new_tokens());
}

/// How often the items are answered for an entry.
struct PassKind {
  std::int64_t cells = 0;
  std::int64_t items = 0;

  void add(std::int64_t count, std::int64_t each) {
    cells += count;
    items += count * each;
  }
};

/// How often something is answered on the test items: once, or once for each seed.
std::int64_t draws_of(const Study& study, bool is_drawn) {
  return is_drawn ? static_cast<std::int64_t>(study.seeds.size()) : 1;
}

PassKind passes_of(const Study& study, const Entry& entry, const TaskSplits& splits) {
  PassKind passes;
  if (entry.method == nullptr) {
    passes.add(1, splits.test_count());
    return passes;
  }
  const std::vector<Variant>& variants = entry.method->variants;
  const auto count = static_cast<std::int64_t>(variants.size());
  std::int64_t most_draws = 1;
  for (const Variant& variant : variants) {
    const std::int64_t draws = draws_of(study, variant.is_drawn());
    most_draws = std::max(most_draws, draws);
    if (!study.chooses_on_dev()) passes.add(draws, splits.test_count());
  }
  if (study.select == Selection::race && count > 1) {
    passes.cells += count;
    passes.items += race_size(variants.size(), splits.dev_count(), study.race_share).evaluations;
  } else if (study.select == Selection::dev && count > 1) {
    passes.add(count, splits.dev_count());
  }
  if (study.select == Selection::none) return passes;
  if (study.chooses_on_dev()) passes.add(most_draws, splits.test_count());
  for (const Control control : entry.method->controls) {
    passes.add(draws_of(study, is_drawn(control)), splits.test_count());
  }
  return passes;
}

/// Of a grid's cells on the dev or test items, those that are there.
PassKind done_of(const Study& study, const Entry& entry, CellRunner& runner,
                 const StudyFolder& folder) {
  PassKind done;
  const auto look = [&](Trial trial, std::optional<std::uint64_t> seed = {}) {
    trial.seed = seed;
    trial.last = trial.dev ? runner.splits().dev_count() : runner.splits().test_count();
    if (std::filesystem::exists(folder.cell(runner.key(trial)))) done.add(1, trial.last);
  };
  if (entry.method == nullptr) {
    look({});
    return done;
  }
  Trial trial;
  trial.dev = study.chooses_on_dev();
  if (trial.dev && entry.method->variants.size() == 1) return done;
  for (const Variant& variant : entry.method->variants) {
    trial.variant = &variant;
    if (!variant.is_drawn()) {
      look(trial);
      continue;
    }
    const std::size_t draws = trial.dev ? 1 : study.seeds.size();
    for (std::size_t draw = 0; draw < draws; ++draw) look(trial, study.seeds[draw]);
  }
  return done;
}

EntryCost cost_of(const Study& study, const Entry& entry, CellRunner& runner,
                  const StudyFolder& folder, const ItemCost& item) {
  const PassKind all = passes_of(study, entry, runner.splits());
  PassKind done = done_of(study, entry, runner, folder);
  if (read_outcome(folder, study, entry)) done = all;
  const auto missing = static_cast<double>(std::max<std::int64_t>(0, all.items - done.items));
  return {entry.model,
          entry.task->name,
          entry.method_name(),
          all.cells,
          done.cells,
          std::llround(missing * item.tokens),
          missing * item.seconds};
}

EntryCost cost_of_pairs(const Entry& entry, CellRunner& runner, const Model& model,
                        const ItemCost& item) {
  EntryCost cost{entry.model, entry.task->name, "(pairs)", 0, 0, 0, 0};
  for (const std::int64_t count : runner.pair_counts()) {
    ++cost.cells;
    if (runner.has_cache(count)) {
      ++cost.done;
      continue;
    }
    for (const Pair& pair : runner.splits().pairs(count)) {
      cost.tokens += static_cast<std::int64_t>(model.tokenizer->encode(pair.positive).size() +
                                               model.tokenizer->encode(pair.negative).size());
    }
  }
  cost.seconds = static_cast<double>(cost.tokens) * item.seconds_per_token;
  return cost;
}

}  // namespace

std::vector<EntryCost> estimate_costs(const Study& study, const StudyFolder& folder,
                                      const Shard& shard) {
  std::vector<EntryCost> costs;
  CellRunners runners(study, folder);
  ItemCost item;
  for (const Entry& entry : entries_of(study, shard)) {
    const bool opens = !runners.is_open(entry);
    CellRunner& runner = runners.at(entry);
    if (opens) {
      item = measure(*entry.task, runner, runners.model(), study.run.engine);
      if (study.has_method_on(entry.task->name)) {
        costs.push_back(cost_of_pairs(entry, runner, runners.model(), item));
      }
    }
    costs.push_back(cost_of(study, entry, runner, folder, item));
  }
  return costs;
}

Json answer_json(const Study& study, std::span<const EntryCost> costs) {
  Json entries = Json::array();
  for (const EntryCost& cost : costs) {
    entries.push_back({{"model", cost.model},
                       {"task", cost.task},
                       {"method", cost.method},
                       {"cells", cost.cells},
                       {"done", cost.done},
                       {"tokens", cost.tokens},
                       {"seconds", cost.seconds}});
  }
  return {{"study", study.file.string()}, {"entries", std::move(entries)}};
}

}  // namespace austeer
