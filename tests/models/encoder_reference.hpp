#pragma once
// Texts of the encoders' reference data.

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "base/json.hpp"

namespace austeer::testing {

/// The texts of a file that tests/reference/encoders.py wrote: a JSON string a line.
inline std::vector<std::string> reference_texts(const std::string& name) {
  const std::filesystem::path file = std::filesystem::path(AUSTEER_REFERENCE_DIR) / name;
  std::istringstream lines(read_file(file));
  std::vector<std::string> texts;
  for (std::string line; std::getline(lines, line);) {
    texts.push_back(parse_json(line, file.string()).get<std::string>());
  }
  return texts;
}

}  // namespace austeer::testing
