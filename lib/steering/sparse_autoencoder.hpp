#pragma once
// A sparse autoencoder: activations of a layer as sums of few atoms out of many. Four forms are
// opened: GemmaScope's params.npz, a folder of LlamaScope, one of SAELens, and a safetensors file
// with GemmaScope's tensor names for what people train themselves (experiments/train_sae.py). D:
// the model's width, M: atoms.

#include <ATen/ATen.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace austeer {

/// How each activation is normalised before it is encoded.
enum class InputNorm {
  none,
  constant_norm,  ///< to the norm sqrt(D)
  layer_norm,     ///< its mean taken away, then divided by its standard deviation plus 1e-5
};

/// The parts of a sparse autoencoder with thresholds per atom (JumpReLU; 0: ReLU).
struct SparseAutoencoderParts {
  at::Tensor encoder;                ///< [D, M]
  at::Tensor encoder_bias;           ///< [M]
  at::Tensor threshold;              ///< [M]
  at::Tensor decoder;                ///< [M, D]
  at::Tensor input_bias = {};        ///< [D], taken from the normalised input; undefined: none
  InputNorm norm = InputNorm::none;  ///< of the input
  std::int64_t top_k = 0;            ///< at most so many atoms of a row are active; 0: any number
};

class SparseAutoencoder {
 public:
  /// Converts `parts` to float32; `place` opens error messages. Throws FormatError for shapes that
  /// do not belong together and for numbers that are not finite.
  SparseAutoencoder(SparseAutoencoderParts parts, std::string place);

  std::int64_t width() const { return parts_.decoder.size(1); }
  std::int64_t atoms() const { return parts_.decoder.size(0); }
  /// What each atom adds to an activation, float32 [M, D].
  const at::Tensor& decoder() const { return parts_.decoder; }
  /// The file or folder it was opened from.
  const std::string& place() const { return place_; }

  /// The atoms of `x` [rows, D] as float32 [rows, M]: z = (norm(x) - input_bias) encoder + bias
  /// where z is above the atom's threshold and above 0 and among the row's top_k largest, else 0.
  /// Throws UsageError for another width.
  at::Tensor activations(const at::Tensor& x) const;

 private:
  SparseAutoencoderParts parts_;
  at::Tensor floor_;  ///< [M], what an atom must exceed
  std::string place_;
};

/// What a file says besides the numbers.
struct OpenedAutoencoder {
  SparseAutoencoder autoencoder;
  std::string form;                   ///< "gemma_scope", "llama_scope", "saelens", "austeer"
  std::string sha256;                 ///< of the file with the tensors
  std::optional<std::int64_t> layer;  ///< that it was trained on, where the file says so
};

/// Opens `path`: what has a cfg.json, in it or beside it, by open_saelens(); another folder as
/// LlamaScope's (hyperparams.json, checkpoints/final.safetensors), a file *.npz as GemmaScope's,
/// *.safetensors as our own. Throws FileError, FormatError, UsageError for another kind of file.
OpenedAutoencoder open_sparse_autoencoder(const std::filesystem::path& path);

/// Opens SAELens' folder `path`, cfg.json and sae_weights.safetensors, or the weights `path` with
/// the cfg.json beside them: architectures standard, topk and jumprelu, settings in the spelling of
/// any version. Activations are what SAELens' encode() gives, decoder rows what its decode() adds
/// for each, before a normalised input is scaled back. Throws FileError, and FormatError for
/// settings that mean something else, by their key, and for tensors that do not fit them.
OpenedAutoencoder open_saelens(const std::filesystem::path& path);

// The file that a sparse autoencoder's tensors lie in, whatever its format, and what every form of
// autoencoder asks of it. D: the model's width, M: atoms.

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
