#pragma once
// The GGUF format, versions 2 and 3, little endian: metadata, tensor descriptions, aligned tensor
// data. Files are mapped; every count, length and offset is checked against the file before use. A
// model split into several files is read as one.
// Tensor names and layouts are the file's own; what they mean for a model is not known here.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/files.hpp"
#include "tensors/gguf_metadata.hpp"
#include "tensors/quantised.hpp"

namespace austeer {

/// One tensor: its shape in torch order (last dimension contiguous) and its bytes.
struct GgufTensor {
  const BlockFormat* format;
  std::vector<std::int64_t> shape;
  std::uint64_t offset;  ///< within the data section
  std::uint64_t size;    ///< bytes
};

/// The checked header of a file.
struct GgufHeader {
  GgufMetadata metadata;
  std::map<std::string, GgufTensor> tensors;
  std::uint64_t data_start;  ///< offset of the data section in the file
};

/// Parses and checks the header of a whole file's `bytes`, into which the metadata will point;
/// `place` opens error messages. Throws FormatError for truncated or lying files, and for tensor
/// formats that are not supported.
GgufHeader parse_gguf_header(std::string_view bytes, const std::string& place);

class GgufFile {
 public:
  /// Maps and checks `file`; where it is one part of a split model, all of its parts. Throws
  /// FileError, naming the parts that are missing, and FormatError, also for parts that do not
  /// belong together.
  explicit GgufFile(const std::filesystem::path& file);

  /// Those of the first part.
  const GgufMetadata& metadata() const { return parts_.front().header.metadata; }
  bool has(const std::string& name) const { return part_of_.contains(name); }
  std::vector<std::string> names() const;
  /// Shape in torch order. This and the next three throw FormatError for a tensor that is not
  /// there.
  std::vector<std::int64_t> shape(const std::string& name) const { return find(name).shape; }
  /// "F32", "Q4_1", ...
  std::string_view format(const std::string& name) const { return find(name).format->name; }

  /// The tensor `name` in `dtype` (a floating-point type): a view of the mapping, which it keeps
  /// alive, where it is stored so and aligned; else dequantised into memory of its own.
  at::Tensor load(const std::string& name, at::ScalarType dtype) const;

  /// Slice `index` of the outermost dimension, in the manner of load(): of [experts, out, in] one
  /// expert's [out, in]. Throws FormatError also for a vector and for an index out of range.
  at::Tensor load_slice(const std::string& name, std::int64_t index, at::ScalarType dtype) const;

  /// See Checkpoint::fingerprint; the same whichever part was named.
  std::string fingerprint() const;

  /// As it was given.
  const std::filesystem::path& path() const { return path_; }

 private:
  struct Part {
    explicit Part(const std::filesystem::path& file);

    std::shared_ptr<MappedFile> mapped;
    GgufHeader header;
  };

  const Part& part_of(const std::string& name) const;
  const GgufTensor& find(const std::string& name) const;
  /// `size` bytes at `offset` of the tensor `name`, which are whole blocks of `shape`'s elements.
  at::Tensor load_range(const std::string& name, std::uint64_t offset, std::uint64_t size,
                        const std::vector<std::int64_t>& shape, at::ScalarType dtype) const;

  std::filesystem::path path_;
  std::vector<Part> parts_;
  std::map<std::string, std::size_t> part_of_;  // by a tensor's name
};

// Writing small GGUF files, version 3: text and whole numbers as metadata, float32 tensors.

/// A value of type text or u32.
using GgufScalar = std::variant<std::string, std::uint32_t>;

/// Writes `metadata` and `tensors`, atomically and in the given order; equal input gives equal
/// bytes. Tensors are stored as F32, aligned to 32 bytes. Throws FileError.
void write_gguf(const std::filesystem::path& file,
                const std::vector<std::pair<std::string, GgufScalar>>& metadata,
                const std::vector<std::pair<std::string, at::Tensor>>& tensors);

// A GGUF model split into files NAME-00001-of-00003.gguf, as llama.cpp's gguf-split writes them:
// the metadata lie in the first, tensors in any, and each says which part of how many it is.

/// The paths of all parts, in order, of the file at `file`, whose metadata are `metadata`; `file`
/// alone where it is not split. Throws FormatError where its name does not say which part it is,
/// FileError, naming them, where others are missing.
std::vector<std::filesystem::path> gguf_part_paths(const std::filesystem::path& file,
                                                   const GgufMetadata& metadata);

/// Throws FormatError unless the headers of the files at `paths`, in order, are parts of one model:
/// numbered so, of one architecture, with as many tensors as the first promises.
void check_gguf_parts(const std::vector<std::filesystem::path>& paths,
                      const std::vector<const GgufHeader*>& headers);

/// Where a file's name says that it is a part: NAME of NAME-00002-of-00003.gguf, and the numbers.
struct GgufPartName {
  std::string stem;
  std::int64_t number;  ///< 1 to count
  std::int64_t count;
};
std::optional<GgufPartName> parse_gguf_part_name(const std::string& file_name);

}  // namespace austeer
