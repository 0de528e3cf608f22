#pragma once
// What tests/reference/scorers.py wrote.

#include <filesystem>
#include <stdexcept>
#include <string>

#include "base/json.hpp"

namespace austeer::testing {

/// Throws, naming the remedy, when the file is not there.
inline Json scorer_reference(const std::string& name) {
  const auto file = std::filesystem::path(AUSTEER_REFERENCE_DIR) / "scorers" / name;
  if (!std::filesystem::exists(file)) {
    throw std::runtime_error(file.string() + " is missing: run tests/prepare_reference.sh");
  }
  return read_json(file);
}

}  // namespace austeer::testing
