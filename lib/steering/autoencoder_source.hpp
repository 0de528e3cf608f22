#pragma once
// The file that a sparse autoencoder's tensors lie in, whatever its format, and what every form of
// autoencoder asks of it. D: the model's width, M: atoms.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace austeer {

/// Named tensors, and the file's metadata where its format has such.
struct AutoencoderSource {
  using Shape = std::vector<std::int64_t>;

  std::string place;
  std::vector<std::string> names;
  std::map<std::string, std::string> metadata;
  std::function<Shape(const std::string&)> shape;
  std::function<at::Tensor(const std::string&)> load;

  bool has(std::string_view name) const;
  /// The tensor `name` in float32. Throws FormatError for whole numbers.
  at::Tensor load_float(const std::string& name) const;
  /// Throws FormatError, naming the file: `what` is not `expected` but `found`.
  [[noreturn]] void refuse(std::string_view what, std::string expected, std::string found) const;
  /// Throws FormatError unless the tensor `name` is there and has the shape `expected`.
  void check_shape(const std::string& name, const Shape& expected) const;
  /// Two sizes of the matrix `name`. Throws FormatError unless it is one, with both above zero.
  std::pair<std::int64_t, std::int64_t> matrix_sizes(const std::string& name) const;
};

/// Whether `file` ends as those that can be opened do: .npz, .safetensors.
bool holds_autoencoder_weights(const std::filesystem::path& file);

/// Opens such a file. Throws FileError, FormatError.
AutoencoderSource open_autoencoder_source(const std::filesystem::path& file);

/// The layer whose output TransformerLens' `hook` is: N of "blocks.N.hook_resid_post" and of
/// "model.layers.N", N - 1 of "blocks.N.hook_resid_pre". Throws FormatError, naming `key`, for any
/// other place in a model.
std::int64_t residual_layer(const Fields& fields, const std::string& key, const std::string& hook);

}  // namespace austeer
