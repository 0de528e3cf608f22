#include "runs/prompt_choice.hpp"

#include "base/error.hpp"
#include "base/paths.hpp"
#include "runs/chat_format.hpp"
#include "runs/task_items.hpp"

namespace austeer {

std::vector<std::string> ChosenPrompts::texts(const Model& model) const {
  if (!task) return prompts;
  std::vector<Item> asked = items;
  apply_chat(*task, model, asked);
  return prompt_texts(asked, *model.tokenizer);
}

ChosenPrompts choose_prompts(const PromptChoice& choice, const RunOptions& run) {
  if (choice.prompts.empty() == choice.task.empty()) {
    throw UsageError("probe", "it needs prompts: either --prompt or --task");
  }
  ChosenPrompts chosen;
  chosen.prompts = choice.prompts;
  if (choice.task.empty()) return chosen;
  chosen.task = load_task(choice.task, project_folder("configs"));
  chosen.items = first_items(*chosen.task, choice.split, choice.limit, run);
  return chosen;
}

}  // namespace austeer
