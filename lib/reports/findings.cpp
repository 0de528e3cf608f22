#include "reports/findings.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "studies/study_numbers.hpp"
#include "studies/task_splits.hpp"

namespace austeer {
namespace {

/// The items that a task gives for the choice, as far as the study says.
std::string choice_items_words(const StudyTask& task) {
  if (task.dev.empty()) {
    return fmt::format("{}: up to {} of the last items of {}", task.name,
                       count_text(task.dev_items), task.train);
  }
  return fmt::format("{}: up to {} of the first items of {}", task.name, count_text(task.dev_items),
                     task.dev);
}

std::string all_choice_items(const Study& study) {
  std::string words;
  for (const StudyTask& task : study.tasks) {
    words += (words.empty() ? "" : "; ") + choice_items_words(task);
  }
  return words;
}

std::string race_words(const Study& study, const std::vector<EntryResults>& results) {
  std::int64_t used = 0, grid = 0;
  for (const EntryResults& found : results) {
    if (found.choice.empty()) continue;
    used += found.evaluations;
    grid += static_cast<std::int64_t>(found.choice.size()) * found.entry.task->dev_items;
  }
  if (grid == 0) return "";
  return fmt::format(
      " It took {} evaluations; every variant on every item would take {}: {:.0f} %, where the "
      "study allows {:.0f} %.",
      count_text(used), count_text(grid),
      100 * static_cast<double>(used) / static_cast<double>(grid), 100 * study.race_share);
}

std::vector<std::string> variant_failures(const Study& study, const EntryResults& found) {
  std::vector<std::string> sentences;
  std::vector<std::string> reasons;
  for (const MeasuredVariant& variant : found.choice) {
    if (!variant.failed.empty()) reasons.push_back(variant.failed);
  }
  if (reasons.empty()) return sentences;
  const auto same = std::ranges::count(reasons, reasons.front());
  std::string others;
  if (static_cast<std::size_t>(same) < reasons.size()) others = " (the first; others differ)";
  sentences.push_back(fmt::format("{}: {} of {} could not be carried out: {}{}",
                                  entry_words(study, found.entry), count_text(std::ssize(reasons)),
                                  counted(std::ssize(found.choice), "variant"), reasons.front(),
                                  others));
  return sentences;
}

}  // namespace

std::string control_words(Control control) {
  switch (control) {
    case Control::random:
      return "random units";
    case Control::random_own:
      return "random units, own values";
    case Control::direction:
      return "random direction";
    case Control::magnitude:
      return "units of the same magnitude";
    case Control::layer:
      return "random units of the same layers";
  }
  return enum_name(control);
}

std::string entry_words(const Study& study, const Entry& entry) {
  const std::string words = fmt::format("{} on {}", entry.method_name(), entry.task->name);
  return study.models.size() < 2 ? words : fmt::format("{} ({})", words, entry.model);
}

std::string list_words(const std::vector<std::string>& words, std::size_t most) {
  std::string list;
  const std::size_t shown = std::min(words.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == words.size();
    if (i > 0) list += last ? " and " : ", ";
    list += words[i];
  }
  if (shown < words.size()) list += fmt::format(" and {} more", words.size() - shown);
  return list;
}

bool has_grid(const Study& study) {
  return std::ranges::any_of(study.methods,
                             [](const StudyMethod& method) { return method.variants.size() > 1; });
}

std::string selection_sentence(const Study& study, const std::vector<EntryResults>& results) {
  if (study.select == Selection::none) {
    return "No hyper-parameters were chosen: every variant met the test items.";
  }
  if (!has_grid(study)) return "No hyper-parameters were chosen: each method has one variant.";
  switch (study.select) {
    case Selection::test:
      return "CHOSEN ON THE TEST ITEMS: each method has the hyper-parameters that do best on the "
             "very items of this table. Its figures, differences and p-values are better for it "
             "than they would be on new items.";
    case Selection::race:
      return fmt::format(
                 "Hyper-parameters were chosen by a race on items of their own, which give no "
                 "pairs ({}).",
                 all_choice_items(study)) +
             race_words(study, results);
    default:
      return fmt::format(
          "Hyper-parameters were chosen as the best of the whole grid on items of their own, which "
          "give no pairs ({}).",
          all_choice_items(study));
  }
}

std::vector<std::string> pairs_sentences(const std::vector<EntryResults>& results) {
  std::vector<std::string> sentences;
  for (const EntryResults& found : results) {
    if (!found.pairs) continue;
    std::string sentence =
        pairs_left_sentence(found.entry.task->name, found.pairs->left, found.pairs->asked);
    const bool is_new = std::ranges::find(sentences, sentence) == sentences.end();
    if (!sentence.empty() && is_new) sentences.push_back(std::move(sentence));
  }
  return sentences;
}

std::vector<std::string> unbeaten_sentences(const Study& study,
                                            const std::vector<EntryResults>& results) {
  std::vector<std::string> sentences;
  for (const EntryResults& found : results) {
    std::vector<std::string> unbeaten;
    for (const MeasuredControl& control : found.controls) {
      if (!control.comparison || control.comparison->interval.low > 0) continue;
      const std::vector<double>& draws = control.measured->draws;
      unbeaten.push_back(fmt::format(
          "{} ({} points {}{})", control_words(control.control),
          points_text(control.comparison->difference),
          points_interval(control.comparison->interval),
          draws.empty() ? "" : fmt::format("; {} draws {}", draws.size(), draws_text(draws))));
    }
    if (unbeaten.empty()) continue;
    sentences.push_back(
        fmt::format("{} does not clearly beat its {}: {}.", entry_words(study, found.entry),
                    unbeaten.size() == 1 ? "control" : "controls", list_words(unbeaten)));
  }
  return sentences;
}

std::vector<std::string> failure_sentences(const Study& study,
                                           const std::vector<EntryResults>& results) {
  std::vector<std::string> sentences;
  for (const EntryResults& found : results) {
    for (std::string& sentence : variant_failures(study, found)) {
      sentences.push_back(std::move(sentence));
    }
    const std::string words = entry_words(study, found.entry);
    if (!found.failed.empty()) {
      sentences.push_back(fmt::format("{} could not be carried out: {}", words, found.failed));
    }
    for (const MeasuredControl& control : found.controls) {
      if (control.failed.empty()) continue;
      sentences.push_back(fmt::format("{}: the control {} could not be carried out: {}", words,
                                      control_words(control.control), control.failed));
    }
  }
  return sentences;
}

std::string missing_sentence(const Study& study, const std::vector<EntryResults>& results) {
  std::vector<std::string> missing;
  for (const EntryResults& found : results) {
    if (!found.done) missing.push_back(entry_words(study, found.entry));
  }
  if (missing.empty()) return "";
  return fmt::format("{} of {} not been run: {}.", count_text(std::ssize(missing)),
                     counted(std::ssize(results), "entry has", "entries have"),
                     list_words(missing));
}

}  // namespace austeer
