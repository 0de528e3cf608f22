#pragma once
// A model's weights by name, whatever holds them: one safetensors file, several with an index, or
// a GGUF file.

#include <ATen/ATen.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"

namespace austeer {

// What stands for a file of weights in keys and results, without reading gigabytes.

/// Adds to `hash` the header [0, data_start) of `file`, and its size.
inline void add_file_header(Sha256& hash, std::string_view file, std::uint64_t data_start) {
  hash.update(file.substr(0, data_start)).update("size " + std::to_string(file.size()));
}

/// Adds to `hash` the first, middle and last 4 KiB of a tensor's bytes, or all of a small one.
inline void add_tensor_samples(Sha256& hash, std::string_view tensor) {
  constexpr std::size_t sample = 4096;
  if (tensor.size() <= 3 * sample) {
    hash.update(tensor);
    return;
  }
  for (const std::size_t begin :
       {std::size_t{0}, (tensor.size() - sample) / 2, tensor.size() - sample}) {
    hash.update(tensor.substr(begin, sample));
  }
}

class Checkpoint {
 public:
  virtual ~Checkpoint() = default;

  virtual bool has(const std::string& name) const = 0;
  virtual std::vector<std::string> names() const = 0;
  virtual std::vector<std::int64_t> shape(const std::string& name) const = 0;

  /// The tensor `name` in `dtype`: a view of the mapped file where it is stored so, else a
  /// converted (dequantised) copy. Throws FormatError, naming the file, when it is missing, and for
  /// integers, which mean nothing without scales that stand elsewhere.
  virtual at::Tensor load(const std::string& name, at::ScalarType dtype) const = 0;

  /// The tensor `name` with the dtype and the bytes that the file has for it. Throws FormatError
  /// when it is missing, and where tensors are no arrays of a dtype (GGUF's blocks).
  virtual at::Tensor stored(const std::string& name) const;

  /// SHA-256 over each file's header and size, and the first, middle and last 4 KiB of every
  /// tensor: cheap to take, different for different weights in practice.
  virtual std::string fingerprint() const = 0;

  /// The file or folder, for messages.
  virtual std::filesystem::path path() const = 0;
};

/// Names the shards of a checkpoint, and which tensor lies in which.
inline constexpr const char* safetensors_index = "model.safetensors.index.json";

/// Opens the safetensors weights of a Hugging Face folder: `model.safetensors`, else what
/// `model.safetensors.index.json` names, else the folder's only *.safetensors. What an index
/// promises and is not there, a shard or a tensor in one, is warned of; a model may do without it
/// (pictures' weights, frequencies of older checkpoints). Where it does not, has() is true and
/// whatever reads the tensor throws, naming both. Throws FileError, FormatError.
std::unique_ptr<Checkpoint> open_safetensors_checkpoint(const std::filesystem::path& folder);

/// The files that such a checkpoint should lie in, sorted by name. Throws likewise.
std::vector<std::filesystem::path> safetensors_shards(const std::filesystem::path& folder);

}  // namespace austeer
