#pragma once
// A task's YAML file as a TaskConfig.

#include <string>

#include "base/json.hpp"
#include "tasks/task.hpp"

namespace austeer {

/// Reads `document` strictly; `place` (the YAML file) opens messages. Throws FormatError for
/// unknown or missing keys, wrong types, paths that leave the dataset's folder, fewer than two
/// different answers, gold answers for other labels than the answers', and an unknown metric.
TaskConfig read_task_config(const Json& document, const std::string& place);

/// The configuration as JSON, in the form of the YAML file.
Json task_config_json(const TaskConfig& config);

}  // namespace austeer
