#include "studies/entry_run.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "studies/judged_task.hpp"
#include "studies/selecting.hpp"

namespace austeer {
namespace {

/// What draws that answer the same items come to: each item's score is their mean.
Tried mean_of_draws(std::span<const CellResult> draws) {
  Tried tried{std::vector<double>(draws.front().scores.size()), "", {}};
  for (const CellResult& draw : draws) {
    tried.cells.push_back(draw.key);
    if (!draw.failed.empty()) tried.failed = draw.failed;
  }
  if (!tried.failed.empty()) return {{}, tried.failed, tried.cells};
  for (const CellResult& draw : draws) {
    for (std::size_t i = 0; i < tried.scores.size(); ++i) {
      tried.scores[i] += draw.scores.at(i) / static_cast<double>(draws.size());
    }
  }
  return tried;
}

/// Fills one entry: chooses a variant, and tests what was chosen and its controls.
class EntryRun {
 public:
  EntryRun(const Study& study, const Entry& entry, CellRunner& runner, SweepReport& report)
      : study_(study), entry_(entry), runner_(runner), report_(report) {}

  EntryOutcome run() {
    EntryOutcome outcome;
    const TaskSplits& splits = runner_.splits();
    if (entry_.method != nullptr) outcome.pairs = {splits.pair_count(), splits.pairs_asked()};
    if (entry_.method == nullptr) {
      test(outcome, {{}});
    } else if (study_.chooses_on_dev()) {
      choose(outcome);
    } else {
      test_all(outcome);
    }
    if (!outcome.chosen) return outcome;
    const Trial chosen = trial(*outcome.chosen, false, 0, 0);
    outcome.ranking = runner_.ranking_key(*chosen.variant, chosen.seed);
    if (study_.select != Selection::none) test_chosen(outcome);
    return outcome;
  }

 private:
  const std::vector<Variant>& variants() const { return entry_.method->variants; }

  Trial trial(std::size_t variant, bool dev, std::int64_t first, std::int64_t last) const {
    Trial made;
    if (entry_.method != nullptr) {
      made.variant = &variants()[variant];
      if (made.variant->is_drawn()) made.seed = study_.seeds.front();
    }
    made.dev = dev;
    made.first = first;
    made.last = last;
    return made;
  }

  std::vector<CellResult> obtain(std::span<const Trial> trials) {
    std::vector<CellResult> cells = answer(trials);
    if (!is_for_judge(runner_.task(), runner_.splits().task())) return cells;
    for (std::size_t i = 0; i < trials.size(); ++i) have_judged(trials[i], cells[i]);
    return cells;
  }

  std::vector<CellResult> answer(std::span<const Trial> trials) {
    return runner_.obtain(trials, [&](const Trial& trial, const CellResult& cell, double seconds) {
      ++report_.ran;
      if (!cell.failed.empty()) ++report_.failed;
      log(trial, cell, seconds);
    });
  }

  /// Has the judge compare a steered cell with the unsteered model's on the same items.
  void have_judged(const Trial& trial, CellResult& cell) {
    const bool is_unsteered = trial.variant == nullptr;
    if (!is_unsteered && cell.failed.empty()) {
      Trial unsteered;
      unsteered.dev = trial.dev;
      unsteered.first = trial.first;
      unsteered.last = trial.last;
      const std::vector<CellResult> baseline = answer({&unsteered, 1});
      judge_cell(study_, runner_.folder(), cell.key, baseline.front().key);
    }
    take_verdicts(study_, runner_.folder(), is_unsteered, cell);
  }

  std::string outcome_words(const CellResult& cell) const {
    if (!cell.failed.empty()) return "cannot be carried out: " + cell.failed;
    if (is_for_judge(runner_.task(), runner_.splits().task())) return "answered, for the judge";
    return fmt::format("{:.1f} %", 100 * cell.accuracy());
  }

  void log(const Trial& trial, const CellResult& cell, double seconds) const {
    std::string what = entry_text(entry_);
    if (trial.variant != nullptr) {
      const std::string choice = variant_text(*trial.variant, entry_.method->axes);
      if (!choice.empty()) what += ", " + choice;
    }
    if (trial.control) what += ", control " + enum_name(*trial.control);
    spdlog::info("{}: {} ({} {} items, {:.1f} s)", what, outcome_words(cell),
                 trial.last - trial.first, trial.dev ? "dev" : "test", seconds);
  }

  /// Runs `tests` on all test items; each names variant, control and seed.
  void test(EntryOutcome& outcome, std::vector<TestOutcome> tests) {
    std::vector<Trial> trials;
    for (const TestOutcome& test : tests) {
      Trial made = trial(test.variant, false, 0, runner_.splits().test_count());
      if (!test.control.empty()) made.control = enum_value<Control>(test.control);
      if (test.seed) made.seed = test.seed;
      trials.push_back(made);
    }
    const std::vector<CellResult> cells = obtain(trials);
    for (std::size_t i = 0; i < tests.size(); ++i) {
      tests[i].cell = cells[i].key;
      outcome.tests.push_back(std::move(tests[i]));
    }
  }

  /// How often a variant answers the test items: what is drawn, once for each seed.
  std::size_t draws_of(std::size_t variant) const {
    return variants()[variant].is_drawn() ? study_.seeds.size() : 1;
  }

  std::vector<Tried> try_on_dev(std::span<const std::size_t> which, std::int64_t first,
                                std::int64_t last) {
    std::vector<Trial> trials;
    for (const std::size_t variant : which) trials.push_back(trial(variant, true, first, last));
    std::vector<Tried> tried;
    for (CellResult& cell : obtain(trials)) {
      tried.push_back({std::move(cell.scores), std::move(cell.failed), {std::move(cell.key)}});
    }
    return tried;
  }

  /// Each variant in all of its draws.
  std::vector<Tried> try_on_test(std::span<const std::size_t> which, std::int64_t first,
                                 std::int64_t last) {
    std::vector<Trial> trials;
    for (const std::size_t variant : which) {
      for (std::size_t draw = 0; draw < draws_of(variant); ++draw) {
        trials.push_back(trial(variant, false, first, last));
        if (trials.back().seed) trials.back().seed = study_.seeds[draw];
      }
    }
    std::vector<CellResult> cells = obtain(trials);
    std::vector<Tried> tried;
    auto next = cells.begin();
    for (const std::size_t variant : which) {
      const auto draws = static_cast<std::ptrdiff_t>(draws_of(variant));
      tried.push_back(mean_of_draws({next, next + draws}));
      next += draws;
    }
    return tried;
  }

  void choose(EntryOutcome& outcome) {
    if (variants().size() == 1) {
      outcome.chosen = 0;
      return;
    }
    const std::int64_t items = runner_.splits().dev_count();
    const TryVariants on_dev = [&](std::span<const std::size_t> which, std::int64_t first,
                                   std::int64_t last) { return try_on_dev(which, first, last); };
    record(outcome, study_.select == Selection::race
                        ? select_by_race(variants().size(), items, study_.race_share, on_dev)
                        : select_by_grid(variants().size(), items, on_dev));
  }

  void test_all(EntryOutcome& outcome) {
    const TryVariants on_test = [&](std::span<const std::size_t> which, std::int64_t first,
                                    std::int64_t last) { return try_on_test(which, first, last); };
    record(outcome, select_by_grid(variants().size(), runner_.splits().test_count(), on_test));
  }

  void record(EntryOutcome& outcome, const Selected& selected) const {
    for (std::size_t i = 0; i < selected.tried.size(); ++i) {
      const Tried& tried = selected.tried[i];
      outcome.choice.push_back({tried.cells, static_cast<std::int64_t>(tried.scores.size()),
                                tried.mean(), tried.failed,
                                study_.chooses_on_dev() ? 1 : draws_of(i)});
    }
    outcome.chosen = selected.best;
    outcome.evaluations = selected.evaluations;
  }

  void test_chosen(EntryOutcome& outcome) {
    const std::size_t chosen = *outcome.chosen;
    std::vector<TestOutcome> tests;
    if (variants()[chosen].is_drawn()) {
      for (const std::uint64_t seed : study_.seeds) tests.push_back({chosen, "", seed, ""});
    } else {
      tests.push_back({chosen, "", {}, ""});
    }
    for (const Control control : entry_.method->controls) {
      const std::string name = enum_name(control);
      if (!is_drawn(control)) {
        tests.push_back({chosen, name, {}, ""});
        continue;
      }
      for (const std::uint64_t seed : study_.seeds) tests.push_back({chosen, name, seed, ""});
    }
    test(outcome, std::move(tests));
  }

  const Study& study_;
  const Entry& entry_;
  CellRunner& runner_;
  SweepReport& report_;
};

}  // namespace

EntryOutcome run_entry(const Study& study, const Entry& entry, CellRunner& runner,
                       SweepReport& report) {
  return EntryRun(study, entry, runner, report).run();
}

bool CellRunners::is_open(const Entry& entry) const {
  return runner_ && model_->name == entry.model && &runner_->task() == entry.task;
}

CellRunner& CellRunners::at(const Entry& entry) {
  if (is_open(entry)) return *runner_;
  runner_.reset();
  if (!model_ || model_->name != entry.model) {
    model_.reset();  // first: there may be no room for two
    RunOptions run = study_.run;
    run.model = entry.model;
    model_ = open_model(run);
  }
  return runner_.emplace(study_, *entry.task, *model_, folder_);
}

}  // namespace austeer
