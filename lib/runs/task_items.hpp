#pragma once
// A task as runs take it: its first items, and pairs by another rule than its own.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs/options.hpp"
#include "tasks/task.hpp"

namespace austeer {

/// The first `limit` items of `split`, all where it is not set or there are fewer. Throws
/// UsageError for a limit below 1, and what Task::items throws.
std::vector<Item> first_items(const Task& task, const std::string& split,
                              std::optional<std::int64_t> limit, const RunOptions& run);

/// `task` with its pairs' wrong answers found by another rule ("most_similar"); as it is where that
/// is "". Throws FormatError for an unknown rule, and for a task whose pairs have none.
Task with_wrong_answer(const Task& task, const std::string& rule);

}  // namespace austeer
