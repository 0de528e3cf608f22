#include "runs/prompt_choice.hpp"

#include "base/error.hpp"
#include "base/paths.hpp"
#include "runs/task_items.hpp"

namespace austeer {

std::vector<std::string> chosen_prompts(const PromptChoice& choice, const RunOptions& run) {
  if (choice.prompts.empty() == choice.task.empty()) {
    throw UsageError("probe", "it needs prompts: either --prompt or --task");
  }
  if (choice.task.empty()) return choice.prompts;
  const Task task = load_task(choice.task, project_folder("configs"));
  std::vector<std::string> prompts;
  for (Item& item : first_items(task, choice.split, choice.limit, run)) {
    prompts.push_back(std::move(item.prompt));
  }
  return prompts;
}

}  // namespace austeer
