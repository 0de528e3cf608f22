#include "studies/task_splits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/paths.hpp"
#include "runs/chat_format.hpp"
#include "runs/similarity.hpp"
#include "tasks/split.hpp"

namespace austeer {
namespace {

/// `expression` narrowed to the items [first, last) of those that it has.
std::string narrowed(const std::string& expression, std::int64_t first, std::int64_t last) {
  const Split split = parse_split(expression);
  const auto start = static_cast<std::int64_t>(split.first);
  return fmt::format("{}[{}:{}]", split.name, start + first, start + last);
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
    const std::size_t both = pair.place.find(" and ");
    return places_.contains(pair.place.substr(0, both)) ||
           (both != std::string::npos && places_.contains(pair.place.substr(both + 5))) ||
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

TaskSplits::TaskSplits(const Study& study, const StudyTask& task)
    : task_(load_task(task.task, project_folder("configs"))) {
  const std::filesystem::path data = datasets_folder(study.run, task_.config().dataset);
  test_ = task_.items(task.test, data);
  test_split_ = task.test;
  if (task.items) test_.resize(std::min(test_.size(), static_cast<std::size_t>(*task.items)));
  if (study.methods.empty()) return;
  if (study.chooses_on_dev()) take_dev_items(task, data);
  take_pairs(task, data);
}

void TaskSplits::take_dev_items(const StudyTask& task, const std::filesystem::path& data) {
  dev_split_ = task.dev.empty() ? task.train : task.dev;
  dev_ = task_.items(dev_split_, data);
  const auto most = static_cast<std::size_t>(task.dev_items);
  if (task.dev.empty()) {
    const std::size_t first = dev_.size() - std::min(most, dev_.size() / 2);
    dev_split_ = narrowed(task.train, static_cast<std::int64_t>(first),
                          static_cast<std::int64_t>(dev_.size()));
    dev_.erase(dev_.begin(), dev_.begin() + static_cast<std::ptrdiff_t>(first));
  }
  dev_.resize(std::min(dev_.size(), most));
}

void TaskSplits::take_pairs(const StudyTask& task, const std::filesystem::path& data) {
  pairs_ = task_.pairs(task.train, data, nearest_by_meaning());
  pairs_.resize(std::min(pairs_.size(), static_cast<std::size_t>(task.pairs)));
  const ItemsToAvoid avoid(dev_);
  const auto overlap =
      std::ranges::find_if(pairs_, [&](const Pair& pair) { return avoid.made(pair); });
  const auto left = static_cast<std::int64_t>(overlap - pairs_.begin());
  if (overlap != pairs_.end() && (left == 0 || !task.dev.empty())) {
    throw UsageError(
        "study",
        fmt::format("{}: {} gives both a pair and an item that hyper-parameters are chosen by",
                    task.name, overlap->place),
        "Give the task a split of its own for each: train and dev");
  }
  pairs_.resize(static_cast<std::size_t>(left));
  pairs_split_ = narrowed(task.train, 0, left);
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
