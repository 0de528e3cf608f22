#include "studies/study_table_notes.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "studies/study_findings.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {
namespace {

/// "copa: 500 test items, at most 400 pairs to learn from".
std::string task_words(const Study& study, std::size_t task, const std::vector<ModelRows>& models) {
  std::size_t items = 0;
  for (const ModelRows& model : models) {
    for (const StudyRow& row : model.rows) {
      const Measured* measured = row.values[task].measured;
      if (measured != nullptr) items = std::max(items, measured->scores.size());
    }
  }
  const StudyTask& of = study.tasks[task];
  const std::string pairs =
      study.methods.empty() ? ""
                            : fmt::format(", at most {} to learn from", counted(of.pairs, "pair"));
  if (items == 0) return fmt::format("{}: nothing measured{}", of.name, pairs);
  return fmt::format("{}: {}{}", of.name, counted(static_cast<std::int64_t>(items), "item"), pairs);
}

std::string items_note(const Study& study, const std::vector<ModelRows>& models) {
  std::string note;
  for (std::size_t task = 0; task < study.tasks.size(); ++task) {
    note += (note.empty() ? "" : "; ") + task_words(study, task, models);
  }
  return note + ".";
}

std::string intervals_note(const TableKeys& keys) {
  if (!keys.intervals) return "\u0394: difference to vanilla in points, on the same items.";
  return "In brackets 95 % intervals: Wilson's for accuracies, a paired bootstrap over the items "
         "for differences. \u0394: difference to vanilla in points, on the same items.";
}

/// Whether any row is the mean of several draws. A variant's cells are further items instead.
bool has_draws(const TableKeys& keys, const std::vector<ModelRows>& models) {
  if (keys.rows == TableRows::variants) return false;
  for (const ModelRows& model : models) {
    for (const StudyRow& row : model.rows) {
      for (const TableValue& value : row.values) {
        if (value.measured != nullptr && value.measured->cells.size() > 1) return true;
      }
    }
  }
  return false;
}

std::string average_note(const Study& study, const std::vector<EntryResults>& results) {
  std::vector<std::string> names;
  for (const std::size_t task : averaged_tasks(study, results)) {
    names.push_back(study.tasks[task].name);
  }
  return fmt::format(
      "Average: the mean over {}, of rows that were measured on all of them; its \u0394 is the "
      "difference of two such means.",
      list_words(names, names.size()));
}

bool any_published(const Study& study, const TableKeys& keys,
                   const std::vector<ModelRows>& models) {
  return (keys.average && has_published(study, models, published_average)) ||
         std::ranges::any_of(study.tasks, [&](const StudyTask& task) {
           return has_published(study, models, task.name);
         });
}

void add_table_findings(std::vector<std::string>& notes, const Study& study,
                        const std::vector<EntryResults>& results) {
  if (std::string missing = missing_sentence(study, results); !missing.empty()) {
    notes.push_back(std::move(missing));
  }
  for (std::string& sentence : unbeaten_sentences(study, results)) {
    notes.push_back(std::move(sentence));
  }
  for (std::string& sentence : failure_sentences(study, results)) {
    notes.push_back(std::move(sentence));
  }
}

std::string rows_note(const Study& study, const TableKeys& keys) {
  if (keys.rows != TableRows::variants || !study.chooses_on_dev()) return "";
  return "Every variant on the items of the choice that it met, not on the test items; the "
         "unsteered model did not meet them.";
}

}  // namespace

bool has_published(const Study& study, const std::vector<ModelRows>& models,
                   const std::string& task) {
  return std::ranges::any_of(models, [&](const ModelRows& model) {
    return std::ranges::any_of(model.rows, [&](const StudyRow& row) {
      return !row.is_control && published_figure(study, model.model, row.label, task).has_value();
    });
  });
}

std::vector<std::size_t> averaged_tasks(const Study& study,
                                        const std::vector<EntryResults>& results) {
  std::vector<std::size_t> answered, all;
  for (std::size_t task = 0; task < study.tasks.size(); ++task) {
    all.push_back(task);
    if (!is_detoxification(study.tasks[task], results)) answered.push_back(task);
  }
  return answered.empty() ? all : answered;
}

std::vector<std::string> table_notes(const Study& study, const TableKeys& keys,
                                     const std::vector<EntryResults>& results,
                                     const std::vector<ModelRows>& models) {
  std::vector<std::string> notes;
  notes.push_back(selection_sentence(study, results));
  if (std::string note = rows_note(study, keys); !note.empty()) notes.push_back(std::move(note));
  notes.push_back(items_note(study, models));
  notes.push_back(intervals_note(keys));
  if (has_draws(keys, models)) {
    notes.push_back(
        "Where something is drawn, an item's score is its mean over the study's seeds, and the "
        "interval is a bootstrap over the items; cost and fluency are the first seed's.");
  }
  if (const std::int64_t count = comparison_count(models); count > 0) {
    notes.push_back(
        fmt::format("* p < 0.05 against vanilla: exact McNemar test, adjusted by Holm for {}.",
                    counted(count, "comparison")));
  }
  if (any_published(study, keys, models)) {
    notes.push_back("paper: the published figure. ours \u2212 paper: the difference in points.");
  }
  if (keys.average) notes.push_back(average_note(study, results));
  const bool toxic = std::ranges::any_of(
      study.tasks, [&](const StudyTask& task) { return is_detoxification(task, results); });
  if (toxic) {
    notes.push_back(
        "not toxic: share of the answers. fluency: entropy of their word pairs and triples, in "
        "bits. "
        "cost: their mean negative log-likelihood per token under the unsteered model.");
  }
  add_table_findings(notes, study, results);
  return notes;
}

}  // namespace austeer
