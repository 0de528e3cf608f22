#pragma once
// SHA-256: the fingerprint of files, prompts and configurations.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace austeer {

/// Incremental SHA-256.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& update(std::string_view bytes);
  /// The digest so far as 64 lower-case hex digits; ends the computation.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of `bytes` as 64 lower-case hex digits.
std::string sha256(std::string_view bytes);

/// SHA-256 of a file's content, read in pieces. Throws FileError.
std::string sha256_file(const std::filesystem::path& file);

}  // namespace austeer
