#pragma once
// What tests/reference/significance.py wrote: lists of cases.

#include <filesystem>
#include <stdexcept>
#include <string>

#include "base/files.hpp"
#include "base/json.hpp"

namespace austeer::testing {

inline Json significance_cases(const std::string& name) {
  const std::filesystem::path file =
      std::filesystem::path(AUSTEER_REFERENCE_DIR) / "significance" / (name + ".json");
  if (!std::filesystem::exists(file)) {
    throw std::runtime_error(file.string() + " is missing: run tests/prepare_reference.sh");
  }
  return read_json(file);
}

}  // namespace austeer::testing
