#pragma once
// Where tests/reference/sparse_autoencoders.py left its files.

#include <filesystem>

#include "reference.hpp"

namespace austeer::testing {

/// `name` in the folder of the reference autoencoders. Throws, naming the remedy, when there are
/// none.
inline std::filesystem::path autoencoder_path(const std::string& name) {
  reference_file("autoencoders/expected.safetensors");
  return std::filesystem::path(AUSTEER_REFERENCE_DIR) / "autoencoders" / name;
}

}  // namespace austeer::testing
