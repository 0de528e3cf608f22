#pragma once
// Which prompts a probe runs: given ones, or those of a task.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs/options.hpp"
#include "tasks/task.hpp"

namespace austeer {

struct PromptChoice {
  std::vector<std::string> prompts = {};
  std::string task = {};  ///< in place of prompts: a name in configs/tasks/, or a YAML file
  std::string split = "test";
  std::optional<std::int64_t> limit = {};  ///< the task's first items only
};

/// What was chosen, before there is a model: given prompts, or a task's items.
struct ChosenPrompts {
  std::vector<std::string> prompts = {};
  std::optional<Task> task = {};
  std::vector<Item> items = {};

  /// The prompts for `model`, in its chat format where the task asks for that. Throws what
  /// apply_chat() and prompt_texts() throw.
  std::vector<std::string> texts(const Model& model) const;
};

/// At least one prompt or item. Throws UsageError unless either prompts or a task are given, and
/// what load_task and first_items throw.
ChosenPrompts choose_prompts(const PromptChoice& choice, const RunOptions& run);

}  // namespace austeer
