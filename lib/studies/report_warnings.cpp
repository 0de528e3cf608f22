#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "studies/report_text.hpp"
#include "studies/study_findings.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {
namespace {

/// Half of an interval beyond which a task has too few items to say much.
constexpr double wide_half = 0.05;

/// Of the task's tests the widest interval, where that is too wide.
std::string few_items_warning(const Study& study, std::size_t task,
                              const std::vector<ModelRows>& models) {
  const Measured* widest = nullptr;
  const auto half = [](const Measured& of) { return (of.interval.high - of.interval.low) / 2; };
  for (const ModelRows& model : models) {
    for (const StudyRow& row : model.rows) {
      const Measured* measured = row.values[task].measured;
      if (measured == nullptr || row.is_control) continue;
      if (widest == nullptr || half(*measured) > half(*widest)) widest = measured;
    }
  }
  if (widest == nullptr || half(*widest) <= wide_half) return "";
  return fmt::format(
      "{}: too few items. With {} the 95 % interval of an accuracy reaches {} points to each side.",
      study.tasks[task].name, counted(std::ssize(widest->scores), "item"),
      percent_text(half(*widest)));
}

bool is_any_significant(const std::vector<ModelRows>& models) {
  return std::ranges::any_of(models, [](const ModelRows& model) {
    return std::ranges::any_of(model.rows, [](const StudyRow& row) {
      return std::ranges::any_of(row.values, [](const TableValue& value) {
        return value.adjusted_p && *value.adjusted_p < significance_level;
      });
    });
  });
}

/// All edges in one sentence: a study of many tasks may have many.
std::string edges_warning(const Study& study, const std::vector<EntryResults>& results) {
  std::vector<std::string> at_edge;
  for (const EntryResults& found : results) {
    if (found.entry.method == nullptr || !found.chosen) continue;
    const std::vector<std::string> edges = edges_of(*found.entry.method, *found.chosen);
    if (edges.empty()) continue;
    at_edge.push_back(
        fmt::format("{} ({})", entry_words(study, found.entry), fmt::join(edges, "; ")));
  }
  if (at_edge.empty() || study.select == Selection::none) return "";
  return fmt::format(
      "Chosen at the edge of the grid, so that a wider one might hold something better: {}.",
      list_words(at_edge, at_edge.size()));
}

void append(std::vector<std::string>& warnings, std::vector<std::string> more) {
  for (std::string& warning : more) {
    if (!warning.empty()) warnings.push_back(std::move(warning));
  }
}

}  // namespace

std::vector<std::string> report_warnings(const Study& study,
                                         const std::vector<EntryResults>& results,
                                         const std::vector<ModelRows>& models,
                                         const std::vector<std::string>& sample_tasks) {
  std::vector<std::string> warnings;
  append(warnings, {missing_sentence(study, results)});
  if (study.select == Selection::test && has_grid(study)) {
    append(warnings, {selection_sentence(study, results)});
  }
  if (!sample_tasks.empty()) {
    append(warnings,
           {fmt::format("{}: measured on the small samples that come with austeer, not on "
                        "the real data. They are there to try things with.",
                        list_words(sample_tasks))});
  }
  for (std::size_t task = 0; task < study.tasks.size(); ++task) {
    append(warnings, {few_items_warning(study, task, models)});
  }
  if (comparison_count(models) > 0 && !is_any_significant(models)) {
    append(warnings, {"Nothing is significant: no method can be told from the unsteered model."});
  }
  append(warnings, pairs_sentences(results));
  append(warnings, unbeaten_sentences(study, results));
  append(warnings, failure_sentences(study, results));
  append(warnings, {edges_warning(study, results)});
  return warnings;
}

}  // namespace austeer
