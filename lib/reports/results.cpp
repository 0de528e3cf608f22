#include "reports/results.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.hpp"
#include "statistics/corrections.hpp"
#include "studies/judging.hpp"

namespace austeer {
namespace {

double mean_score(const std::vector<double>& scores) {
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
}

/// `are_hits`: the scores are 1 or 0.
Interval interval_of(const std::vector<double>& scores, bool are_hits) {
  if (!are_hits) {
    const std::vector<double> nothing(scores.size(), 0.0);
    return compare_paired(nothing, scores).interval;
  }
  const double hits = std::accumulate(scores.begin(), scores.end(), 0.0);
  return wilson_interval(static_cast<std::int64_t>(hits), static_cast<std::int64_t>(scores.size()));
}

CellResult cell_that_is_there(const StudyFolder& folder, const std::string& key) {
  if (auto cell = read_cell(folder, key)) return *std::move(cell);
  throw FileError("study", folder.cell(key).string() + " is missing, though its study has used it",
                  "`austeer sweep` runs it again");
}

/// Adds a cell's form to the sum, which is nothing once one of the cells has none.
void add_form(std::optional<AnswerForm>& sum, const std::optional<AnswerForm>& form, bool first) {
  if (first) {
    sum = form;
  } else if (sum && form) {
    sum->add(*form);
  } else {
    sum.reset();
  }
}

/// The mean of a number over the draws that have it.
std::optional<double> mean_over(const std::vector<CellResult>& draws,
                                std::optional<double> CellResult::*number) {
  std::vector<double> numbers;
  for (const CellResult& draw : draws) {
    if (draw.*number) numbers.push_back(*(draw.*number));
  }
  if (numbers.empty()) return std::nullopt;
  return mean_score(numbers);
}

/// Cells that answer the same items in several draws.
Measured measure(const std::vector<CellResult>& draws) {
  Measured measured;
  measured.scores.assign(draws.front().scores.size(), 0.0);
  for (const CellResult& draw : draws) {
    for (std::size_t i = 0; i < measured.scores.size(); ++i) {
      measured.scores[i] += draw.scores.at(i) / static_cast<double>(draws.size());
    }
    measured.cells.push_back(draw.key);
    measured.no_verdict += draw.no_verdict;
    if (draws.size() > 1) measured.draws.push_back(draw.accuracy());
    add_form(measured.form, draw.form, &draw == &draws.front());
  }
  measured.accuracy = mean_score(measured.scores);
  measured.is_judged = draws.front().is_for_judge;
  measured.interval = interval_of(measured.scores, draws.size() == 1 && !measured.is_judged);
  measured.activations_per_token = draws.front().activations_per_token;
  measured.is_detoxification = draws.front().is_detoxification;
  measured.cost = mean_over(draws, &CellResult::cost);
  measured.fluency = mean_over(draws, &CellResult::fluency);
  return measured;
}

/// Reads the cell of a key, with the judge's verdicts where it needs them.
using ReadCell = std::function<CellResult(const std::string& key)>;

/// A variant's cells: draws of the same items, or each with further ones.
MeasuredVariant read_variant(const ReadCell& read, const VariantOutcome& outcome) {
  MeasuredVariant variant{{}, outcome.failed};
  if (!outcome.failed.empty() || outcome.cells.empty()) return variant;
  std::vector<CellResult> cells;
  for (const std::string& key : outcome.cells) cells.push_back(read(key));
  if (outcome.draws > 1) {
    variant.measured = measure(cells);
    return variant;
  }
  CellResult joined = cells.front();
  joined.scores.clear();
  joined.no_verdict = 0;
  if (cells.size() > 1) joined.cost = joined.fluency = std::nullopt;
  for (const CellResult& cell : cells) {
    joined.scores.insert(joined.scores.end(), cell.scores.begin(), cell.scores.end());
    joined.no_verdict += cell.no_verdict;
    add_form(joined.form, cell.form, &cell == &cells.front());
  }
  variant.measured = measure({joined});
  variant.measured->cells = outcome.cells;
  return variant;
}

/// The draws of the test with this control ("" for the method itself); empty where any failed, and
/// then `failed` says why.
std::vector<CellResult> draws_of(const ReadCell& read, const EntryOutcome& outcome,
                                 const std::string& control, std::string& failed) {
  std::vector<CellResult> draws;
  for (const TestOutcome& test : outcome.tests) {
    if (test.control != control) continue;
    draws.push_back(read(test.cell));
    if (!draws.back().failed.empty()) {
      failed = draws.back().failed;
      return {};
    }
  }
  return draws;
}

EntryResults read_entry(const Study& study, const StudyFolder& folder, const Entry& entry) {
  EntryResults results;
  results.entry = entry;
  const auto outcome = read_outcome(folder, study, entry);
  if (!outcome) return results;
  const ReadCell read = [&](const std::string& key) {
    CellResult cell = cell_that_is_there(folder, key);
    take_verdicts(study, folder, entry.method == nullptr, cell);
    return cell;
  };
  results.done = true;
  results.chosen = outcome->chosen;
  results.evaluations = outcome->evaluations;
  results.ranking = outcome->ranking;
  results.pairs = outcome->pairs;
  for (const VariantOutcome& variant : outcome->choice) {
    results.choice.push_back(read_variant(read, variant));
  }
  if (const auto draws = draws_of(read, *outcome, "", results.failed); !draws.empty()) {
    results.test = measure(draws);
  }
  if (entry.method == nullptr) return results;
  for (const Control control : entry.method->controls) {
    MeasuredControl measured{control, {}, "", {}};
    const auto draws = draws_of(read, *outcome, enum_name(control), measured.failed);
    if (!draws.empty()) measured.measured = measure(draws);
    if (measured.measured && results.test) {
      measured.comparison = compare_measured(*measured.measured, *results.test);
    }
    results.controls.push_back(std::move(measured));
  }
  return results;
}

/// Compares every method with the unsteered model of its model and task.
void compare_with_vanilla(std::vector<EntryResults>& all) {
  std::vector<double> p_values;
  std::vector<EntryResults*> compared;
  for (EntryResults& results : all) {
    if (results.entry.method == nullptr || !results.test) continue;
    const EntryResults* baseline =
        find_results(all, results.entry.model, results.entry.task->name, vanilla);
    if (baseline == nullptr || !baseline->test) continue;
    results.against_vanilla = compare_measured(*baseline->test, *results.test);
    p_values.push_back(results.against_vanilla->p_value);
    compared.push_back(&results);
  }
  const std::vector<double> adjusted = holm(p_values);
  for (std::size_t i = 0; i < compared.size(); ++i) compared[i]->adjusted_p = adjusted[i];
}

/// Whether any result of the task is one that `test` looks for.
template <typename Test>
bool any_measured_of(const StudyTask& task, const std::vector<EntryResults>& results, Test test) {
  for (const EntryResults& found : results) {
    if (found.entry.task->name != task.name) continue;
    if (found.test && test(*found.test)) return true;
    for (const MeasuredVariant& variant : found.choice) {
      if (variant.measured && test(*variant.measured)) return true;
    }
  }
  return false;
}

}  // namespace

PairedComparison compare_measured(const Measured& baseline, const Measured& other) {
  PairedComparison comparison = compare_paired(baseline.scores, other.scores);
  if (other.is_judged) {
    comparison.difference *= 2;
    comparison.interval.low *= 2;
    comparison.interval.high *= 2;
  }
  return comparison;
}

std::vector<Control> EntryResults::unbeaten_controls() const {
  std::vector<Control> unbeaten;
  for (const MeasuredControl& control : controls) {
    if (control.comparison && control.comparison->interval.low <= 0) {
      unbeaten.push_back(control.control);
    }
  }
  return unbeaten;
}

std::vector<EntryResults> read_results(const Study& study, const StudyFolder& folder) {
  std::vector<EntryResults> all;
  for (const Entry& entry : entries_of(study)) all.push_back(read_entry(study, folder, entry));
  compare_with_vanilla(all);
  return all;
}

const EntryResults* find_results(const std::vector<EntryResults>& results, const std::string& model,
                                 const std::string& task, const std::string& method) {
  for (const EntryResults& found : results) {
    if (found.entry.model == model && found.entry.task->name == task &&
        found.entry.method_name() == method) {
      return &found;
    }
  }
  return nullptr;
}

bool is_detoxification(const StudyTask& task, const std::vector<EntryResults>& results) {
  return any_measured_of(task, results,
                         [](const Measured& measured) { return measured.is_detoxification; });
}

bool is_judged(const StudyTask& task, const std::vector<EntryResults>& results) {
  return any_measured_of(task, results,
                         [](const Measured& measured) { return measured.is_judged; });
}

}  // namespace austeer
