#include "studies/forewarnings.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "studies/selecting.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {
namespace {

std::string race_sentence(const Study& study, const Entry& entry, std::int64_t items) {
  const std::size_t variants = entry.method->variants.size();
  if (study.select != Selection::race || variants < 2) return "";
  const RaceSize size = race_size(variants, items, study.race_share);
  if (size.keeps_share) return "";
  const double all = static_cast<double>(variants) * static_cast<double>(items);
  return fmt::format(
      "{} on {}: the first round of its race has {} items for each of {} variants, so that the "
      "race "
      "takes up to {:.0f} % of the grid's evaluations, more than race_share allows ({:.0f} %).",
      entry.method_name(), entry.task->name, size.first,
      count_text(std::ssize(entry.method->variants)),
      100 * static_cast<double>(size.evaluations) / all, 100 * study.race_share);
}

}  // namespace

std::vector<std::string> task_forewarnings(const Study& study, const TaskSplits& splits,
                                           const std::vector<Entry>& entries) {
  std::vector<std::string> sentences;
  const auto add = [&](std::string sentence) {
    const bool is_new = std::ranges::find(sentences, sentence) == sentences.end();
    if (!sentence.empty() && is_new) sentences.push_back(std::move(sentence));
  };
  for (const Entry& entry : entries) {
    if (entry.method == nullptr) continue;
    add(pairs_left_sentence(entry.task->name, splits.pair_count(), splits.pairs_asked()));
    add(race_sentence(study, entry, splits.dev_count()));
  }
  return sentences;
}

std::vector<std::string> forewarnings(const Study& study, const std::vector<Entry>& entries) {
  std::vector<std::string> all;
  if (!study.chooses_on_dev()) return all;
  for (const StudyTask& task : study.tasks) {
    std::vector<Entry> of_task;
    std::ranges::copy_if(entries, std::back_inserter(of_task), [&](const Entry& entry) {
      return entry.task == &task && entry.method != nullptr;
    });
    if (of_task.empty()) continue;
    const TaskSplits splits(study, task, TaskSplits::count_only());
    for (std::string& sentence : task_forewarnings(study, splits, of_task)) {
      all.push_back(std::move(sentence));
    }
  }
  return all;
}

}  // namespace austeer
