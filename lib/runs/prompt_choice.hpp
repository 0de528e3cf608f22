#pragma once
// Which prompts a probe runs: given ones, or those of a task.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs/options.hpp"

namespace austeer {

struct PromptChoice {
  std::vector<std::string> prompts = {};
  std::string task = {};  ///< in place of prompts: a name in configs/tasks/, or a YAML file
  std::string split = "test";
  std::optional<std::int64_t> limit = {};  ///< the task's first items only
};

/// The prompts, at least one. Throws UsageError unless either prompts or a task are given, and what
/// load_task and first_items throw.
std::vector<std::string> chosen_prompts(const PromptChoice& choice, const RunOptions& run);

}  // namespace austeer
