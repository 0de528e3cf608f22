#pragma once
// A task's first items, as a run without a study chooses them.

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

}  // namespace austeer
