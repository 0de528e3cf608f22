#include "runs/task_items.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace austeer {

std::vector<Item> first_items(const Task& task, const std::string& split,
                              std::optional<std::int64_t> limit, const RunOptions& run) {
  std::vector<Item> items = task.items(split, datasets_folder(run, task.config().dataset));
  if (!limit) return items;
  if (*limit < 1) throw UsageError("task", "--limit must be at least 1");
  items.resize(std::min(items.size(), static_cast<std::size_t>(*limit)));
  return items;
}

Task with_wrong_answer(const Task& task, const std::string& rule) {
  if (rule.empty()) return task;
  Json document = task.resolved();
  document["wrong_answer"] = rule;
  return Task(document, task.name());
}

}  // namespace austeer
