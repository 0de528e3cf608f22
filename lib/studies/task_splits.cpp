#include "studies/task_splits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/paths.hpp"
#include "runs/prompts.hpp"
#include "studies/selecting.hpp"
#include "studies/study_numbers.hpp"
#include "tasks/dataset.hpp"

namespace austeer {
namespace {

/// `expression` narrowed to the items [first, last) of those that it has.
std::string narrowed(const std::string& expression, std::int64_t first, std::int64_t last) {
  const Split split = parse_split(expression);
  const auto start = static_cast<std::int64_t>(split.first);
  return fmt::format("{}[{}:{}]", split.name, start + first, start + last);
}

/// How many of the last items come from no record of a pair.
std::size_t items_behind(const std::vector<Pair>& pairs, const std::vector<Item>& items) {
  std::set<std::string> used;
  for (const Pair& pair : pairs) {
    for (const std::string& record : pair.records) used.insert(record);
  }
  const auto last = std::ranges::find_if(
      items.rbegin(), items.rend(), [&](const Item& item) { return used.contains(item.place); });
  return static_cast<std::size_t>(last - items.rbegin());
}

/// Whether a pair comes from one of the items: from its record, or with its prompt.
class ItemsToAvoid {
 public:
  explicit ItemsToAvoid(const std::vector<Item>& items) {
    for (const Item& item : items) {
      places_.insert(item.place);
      prompts_.insert(item.prompt);
    }
  }

  bool made(const Pair& pair) const {
    return std::ranges::any_of(
               pair.records, [&](const std::string& record) { return places_.contains(record); }) ||
           has_prompt(pair.positive, pair.positive_answer) ||
           has_prompt(pair.negative, pair.negative_answer);
  }

 private:
  bool has_prompt(const std::string& text, std::size_t answer) const {
    return answer > 0 && prompts_.contains(text.substr(0, answer));
  }

  std::set<std::string> places_;
  std::set<std::string> prompts_;
};

}  // namespace

TaskSplits::TaskSplits(const Study& study, const StudyTask& task, const NearestOthers& nearest)
    : task_(with_wrong_answer(load_task(task.task, project_folder("configs")), task.wrong_answer)) {
  const std::filesystem::path data = datasets_folder(study.run, task_.config().dataset);
  test_ = task_.items(task.test, data);
  test_split_ = task.test;
  if (task.items) test_.resize(std::min(test_.size(), static_cast<std::size_t>(*task.items)));
  if (!study.has_method_on(task.name)) return;
  pairs_ = task_.pairs(task.train, data, nearest);
  pairs_.resize(std::min(pairs_.size(), static_cast<std::size_t>(task.pairs)));
  pairs_asked_ = pair_count();
  pairs_split_ = narrowed(task.train, 0, pair_count());
  if (study.chooses_on_dev()) take_dev_items(task, data);
  part_pairs_from_dev(task);
}

void TaskSplits::take_dev_items(const StudyTask& task, const std::filesystem::path& data) {
  dev_split_ = task.dev.empty() ? task.train : task.dev;
  dev_ = task_.items(dev_split_, data);
  const auto most = static_cast<std::size_t>(task.dev_items);
  if (task.dev.empty()) {
    const std::size_t behind = items_behind(pairs_, dev_);
    const bool enough = behind >= std::min(most, static_cast<std::size_t>(least_first_round));
    const std::size_t count = std::min(most, enough ? behind : dev_.size() / 2);
    const std::size_t first = dev_.size() - count;
    dev_split_ = narrowed(task.train, static_cast<std::int64_t>(first),
                          static_cast<std::int64_t>(dev_.size()));
    dev_.erase(dev_.begin(), dev_.begin() + static_cast<std::ptrdiff_t>(first));
  }
  dev_.resize(std::min(dev_.size(), most));
}

void TaskSplits::part_pairs_from_dev(const StudyTask& task) {
  const ItemsToAvoid avoid(dev_);
  const auto overlap =
      std::ranges::find_if(pairs_, [&](const Pair& pair) { return avoid.made(pair); });
  if (overlap == pairs_.end()) return;
  const std::string place = overlap->place;
  while (!pairs_.empty() && avoid.made(pairs_.back())) pairs_.pop_back();
  pairs_split_ = narrowed(task.train, 0, pair_count());
  std::erase_if(pairs_, [&](const Pair& pair) {
    if (!avoid.made(pair)) return false;
    left_out_.insert(pair.place);
    return true;
  });
  if (!pairs_.empty() && task.dev.empty()) return;
  throw UsageError(
      "study",
      fmt::format("{}: {} gives both a pair and an item that hyper-parameters are chosen by",
                  task.name, place),
      "Give the task a split of its own for each: train and dev");
}

NearestOthers TaskSplits::count_only() {
  return [](std::span<const std::string> texts, std::size_t /*pool*/) {
    std::vector<std::size_t> nearest;
    for (std::size_t i = 0; i < texts.size(); ++i) nearest.push_back(i == 0 ? 1 : 0);
    return nearest;
  };
}

std::string pairs_left_sentence(const std::string& task, std::int64_t left, std::int64_t asked) {
  if (left >= asked) return "";
  return fmt::format(
      "{}: {} of {} pairs are left to learn from: the others share a record or a prompt with the "
      "items that hyper-parameters are chosen by.",
      task, count_text(left), count_text(asked));
}

void TaskSplits::apply_chat_of(const Model& model) {
  apply_chat(task_, model, test_);
  apply_chat(task_, model, dev_);
  apply_chat(task_, model, pairs_);
}

std::string TaskSplits::expression(bool dev, std::int64_t first, std::int64_t last) const {
  return narrowed(dev ? dev_split_ : test_split_, first, last);
}

std::vector<Pair> TaskSplits::pairs(std::int64_t count) const {
  const auto most = std::min(count, pair_count());
  return {pairs_.begin(), pairs_.begin() + static_cast<std::ptrdiff_t>(most)};
}

}  // namespace austeer
