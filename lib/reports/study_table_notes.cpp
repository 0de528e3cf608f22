#include "reports/study_table_notes.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "reports/findings.hpp"
#include "reports/frontiers.hpp"
#include "reports/report_text.hpp"
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

template <typename Test>
bool any_measured(const std::vector<ModelRows>& models, Test test) {
  for (const ModelRows& model : models) {
    for (const StudyRow& row : model.rows) {
      for (const TableValue& value : row.values) {
        if (value.measured != nullptr && test(*value.measured)) return true;
      }
    }
  }
  return false;
}

bool has_draws(const std::vector<ModelRows>& models) {
  return any_measured(models, [](const Measured& of) { return !of.draws.empty(); });
}

void add_measurement_notes(std::vector<std::string>& notes, const std::vector<ModelRows>& models) {
  if (has_draws(models)) {
    notes.push_back(
        "Where something is drawn, an item's score is its mean over the study's seeds, as are cost "
        "and fluency; the interval is a bootstrap over the items, and in parentheses stand the "
        "least and the greatest draw.");
  }
  if (any_measured(models, [](const Measured& of) { return of.form.has_value(); })) {
    notes.push_back(
        "in form: answers that are one of the task's labels, in any case. right of those: the "
        "accuracy among them. Where the first grows and the second does not, a gain in accuracy is "
        "one of form alone.");
  }
}

/// The tasks that a method keeps to, and what it is where it has settings of its own.
std::vector<std::string> settings_notes(const Study& study) {
  std::vector<std::string> notes;
  for (const StudyMethod& method : study.methods) {
    if (!method.tasks.empty()) {
      notes.push_back(fmt::format("{} runs on {} alone.", method.name,
                                  list_words(method.tasks, method.tasks.size())));
    }
    std::vector<std::string> words;
    for (const OwnGrid& own : study.own_grids) {
      if (own.method.name != method.name || own.has_range) continue;
      const std::string place =
          study.models.size() < 2 ? own.task : fmt::format("{} on {}", own.model, own.task);
      words.push_back(fmt::format("{} ({})", place, fixed_words(own.method)));
    }
    if (!words.empty()) {
      notes.push_back(fmt::format("{}: {}.", method.name, list_words(words, words.size())));
    }
  }
  return notes;
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
  for (std::string& sentence : frontier_sentences(study, results)) {
    notes.push_back(std::move(sentence));
  }
  for (std::string& sentence : pairs_sentences(results)) notes.push_back(std::move(sentence));
  for (std::string& sentence : unbeaten_sentences(study, results)) {
    notes.push_back(std::move(sentence));
  }
  for (std::string& sentence : failure_sentences(study, results)) {
    notes.push_back(std::move(sentence));
  }
}

/// What a judged task's figures are, and whose.
void add_judge_notes(std::vector<std::string>& notes, const Study& study,
                     const std::vector<EntryResults>& results,
                     const std::vector<ModelRows>& models) {
  for (const StudyTask& task : study.tasks) {
    if (!is_judged(task, results)) continue;
    notes.push_back(fmt::format(
        "{}: the model {} compared each answer with the unsteered model's, in both orders; where "
        "its verdicts disagree it is a tie. win rate: wins and half of the ties, so that vanilla "
        "has 50 %; its interval is a bootstrap over the items. \u0394WR: wins less losses, in per "
        "cent "
        "of the items, as in the paper; * by the sign test of wins and losses.",
        task.name, study.judge ? study.judge->model : "judge"));
    if (has_published(study, models, task.name)) {
      notes.push_back(fmt::format(
          "The paper's \u0394WR on {} is another judge's: no difference to it is shown.",
          task.name));
    }
  }
  std::int64_t no_verdict = 0;
  for (const ModelRows& model : models) {
    for (const StudyRow& row : model.rows) {
      for (const TableValue& value : row.values) {
        if (value.measured != nullptr) no_verdict += value.measured->no_verdict;
      }
    }
  }
  if (no_verdict == 0) return;
  notes.push_back(fmt::format("Without a verdict by the judge, and counted as ties: {}.",
                              counted(no_verdict, "answer")));
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
      return !row.is_control && study.published.find(model.model, row.label, task).has_value();
    });
  });
}

std::vector<std::size_t> averaged_tasks(const Study& study,
                                        const std::vector<EntryResults>& results) {
  std::vector<std::size_t> answered, all;
  for (std::size_t task = 0; task < study.tasks.size(); ++task) {
    all.push_back(task);
    const StudyTask& of = study.tasks[task];
    if (!is_detoxification(of, results) && !is_judged(of, results)) answered.push_back(task);
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
  for (std::string& note : settings_notes(study)) notes.push_back(std::move(note));
  notes.push_back(intervals_note(keys));
  add_measurement_notes(notes, models);
  if (const std::int64_t count = comparison_count(models); count > 0) {
    notes.push_back(
        fmt::format("* p < 0.05 against vanilla: exact McNemar test{}, adjusted by Holm for {}.",
                    has_draws(models) ? " (of means of draws a paired randomisation test)" : "",
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
  add_judge_notes(notes, study, results, models);
  const bool other_scorer = std::ranges::any_of(study.tasks, [&](const StudyTask& task) {
    return is_detoxification(task, results) && has_published(study, models, task.name);
  });
  if (other_scorer) {
    notes.push_back(
        "The paper's share of answers that are not toxic is that of the Perspective API, a service "
        "that has ended: ours is of another scorer, and no difference between the two means "
        "anything.");
  }
  add_table_findings(notes, study, results);
  return notes;
}

}  // namespace austeer
