#pragma once
// The safetensors format: an 8-byte header length, a JSON header, raw tensor bytes. Files are
// mapped, every number in the header is checked against the file before it is used, and tensors
// point into the mapping.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "base/hash.hpp"

namespace austeer {

// The dtypes of the safetensors format that have a counterpart here.

/// The dtype called `name` in a header. Throws FormatError, listing the supported ones; `place`
/// opens the message.
at::ScalarType safetensors_dtype(std::string_view name, const std::string& place);

/// The name of `dtype` in a header. Throws UsageError where the format has none here.
std::string_view safetensors_dtype_name(at::ScalarType dtype);

/// Where one tensor lies: byte range [begin, end) within the data section.
struct SafetensorsEntry {
  at::ScalarType dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin;
  std::uint64_t end;
};

/// The checked header of a file.
struct SafetensorsHeader {
  std::map<std::string, SafetensorsEntry> tensors;
  std::map<std::string, std::string> metadata;
  std::uint64_t data_start;  ///< offset of the data section in the file
};

/// Parses and checks the header of a whole file's `bytes`; `place` opens error messages. Throws
/// FormatError for a truncated or lying header: lengths past the end, shapes that overflow or do
/// not match their byte range, overlaps, unknown dtypes, duplicate names.
SafetensorsHeader parse_safetensors_header(std::string_view bytes, const std::string& place);

class SafetensorsFile {
 public:
  /// Maps and checks `file`. Throws FileError, FormatError.
  explicit SafetensorsFile(const std::filesystem::path& file);

  const SafetensorsHeader& header() const { return header_; }
  bool has(const std::string& name) const { return header_.tensors.contains(name); }
  const std::filesystem::path& path() const { return mapped_->path(); }

  /// The tensor `name` as a view into the mapping, which it keeps alive (copied only where the
  /// file leaves it misaligned for its dtype). Writes to it stay in memory. Throws FormatError
  /// when there is no such tensor.
  at::Tensor tensor(const std::string& name) const;

  /// Adds what tells this file's content from another's (see Checkpoint::fingerprint) to `hash`.
  void add_fingerprint(Sha256& hash) const;

 private:
  std::shared_ptr<MappedFile> mapped_;
  SafetensorsHeader header_;
};

/// Writes `tensors` in the given order, atomically; equal input gives equal bytes. Tensors may lie
/// on any device. Throws FileError.
void write_safetensors(const std::filesystem::path& file,
                       const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace austeer
