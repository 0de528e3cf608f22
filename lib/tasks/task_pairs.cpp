// From a task and its data to contrastive pairs: either a right and a wrong answer after the
// prompt, or two texts that have templates of their own.
#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "tasks/split.hpp"
#include "tasks/task.hpp"

namespace austeer {

std::vector<Pair> Task::pairs(std::string_view split_expression,
                              const std::filesystem::path& datasets_folder,
                              const NearestOthers& nearest) const {
  if (!config_.pairs && config_.wrong_answer.empty()) {
    throw UsageError("task", fmt::format("the task {} makes no pairs", config_.name),
                     "Give its YAML file wrong_answer or pairs");
  }
  const Split split = parse_split(split_expression);
  const std::vector<Record> all = records(split.name, datasets_folder);
  std::vector<Pair> pairs = config_.pairs ? pairs_of_texts(all) : pairs_of_answers(all, nearest);
  if (pairs.empty()) {
    throw FormatError("task", fmt::format("no record of the split '{}' meets the conditions of the "
                                          "pairs of the task {}",
                                          split.name, config_.name));
  }
  const auto [first, last] = split_range(split, pairs.size());
  pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(last), pairs.end());
  pairs.erase(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(first));
  return pairs;
}

bool Task::needs_similarity() const {
  return !config_.wrong_answer.empty() && wrong_answers().get(config_.wrong_answer).compares;
}

std::string Task::wrong_choice(const Record& record, std::size_t right) const {
  const std::string text = filled(answers_[right].text, record);
  for (std::size_t step = 1; step < answers_.size(); ++step) {
    std::string other = filled(answers_[(right + step) % answers_.size()].text, record);
    if (other != text) return other;
  }
  throw FormatError("task", fmt::format("{}: all answers have the same text (task {})",
                                        record.place, config_.name));
}

std::vector<Pair> Task::pairs_of_answers(const std::vector<Record>& records,
                                         const NearestOthers& nearest) const {
  // In a choice task the next answer is the next one of the YAML file, the first after the last.
  const bool next_choice = config_.is_choice() && !needs_similarity();
  std::vector<std::string> right;
  std::vector<std::string> wrong;
  std::vector<std::string> classes(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (config_.is_choice()) {
      const std::size_t index = answer_index(records[i]);
      right.push_back(filled(answers_[index].text, records[i]));
      if (next_choice) wrong.push_back(wrong_choice(records[i], index));
      classes[i] = config_.answers[index].label;
    } else {
      right.push_back(filled(answer_->text, records[i]));
    }
  }
  if (!next_choice) {
    const auto pool = static_cast<std::size_t>(
        config_.wrong_answers_from.value_or(static_cast<std::int64_t>(right.size())));
    wrong = wrong_answers()
                .get(config_.wrong_answer)
                .choose(right, {std::min(pool, right.size()), config_.blank}, nearest);
  }
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string prompt = filled(prompt_, records[i]);
    pairs.push_back({records[i].place, prompt + right[i], prompt + wrong[i], classes[i],
                     prompt.size(), prompt.size()});
    pairs.back().records = {records[i].place};
    pairs.back().positive_system = filled(system_, records[i]);
    pairs.back().negative_system = pairs.back().positive_system;
  }
  return pairs;
}

std::vector<Pair> Task::pairs_of_texts(const std::vector<Record>& records) const {
  const PairTexts& texts = *config_.pairs;
  std::vector<const Record*> positive;
  std::vector<const Record*> negative;
  for (const Record& record : records) {
    if (!all_hold(texts.where, record)) continue;
    if (all_hold(texts.positive.where, record)) positive.push_back(&record);
    if (all_hold(texts.negative.where, record)) negative.push_back(&record);
  }
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < std::min(positive.size(), negative.size()); ++i) {
    const std::string place = texts.sides_differ()
                                  ? positive[i]->place + " and " + negative[i]->place
                                  : positive[i]->place;
    const auto& [positive_side, negative_side] = *pair_texts_;
    const std::string before_positive = filled(positive_side.prompt, *positive[i]);
    const std::string before_negative = filled(negative_side.prompt, *negative[i]);
    pairs.push_back({place, before_positive + filled(positive_side.text, *positive[i]),
                     before_negative + filled(negative_side.text, *negative[i]), "",
                     before_positive.size(), before_negative.size()});
    pairs.back().records = {positive[i]->place};
    if (texts.sides_differ()) pairs.back().records.push_back(negative[i]->place);
    pairs.back().positive_system = filled(system_, *positive[i]);
    pairs.back().negative_system = filled(system_, *negative[i]);
  }
  return pairs;
}

}  // namespace austeer
