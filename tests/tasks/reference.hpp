#pragma once
// The reference data of this room, which tests/reference/task_items.py makes.

#include <filesystem>
#include <stdexcept>
#include <string>

#include "base/json.hpp"

namespace austeer::testing {

/// AUSTEER_REFERENCE_DIR/tasks/`name`; throws, saying how to make it, when it is missing.
inline Json task_reference(const std::string& name) {
  const auto file = std::filesystem::path(AUSTEER_REFERENCE_DIR) / "tasks" / name;
  if (!std::filesystem::exists(file)) {
    throw std::runtime_error(
        "no reference data " + file.string() +
        "; make it with: python3 tests/reference/task_items.py datasets/samples "
        "build/reference/tasks (tests/run.sh does)");
  }
  return read_json(file);
}

}  // namespace austeer::testing
