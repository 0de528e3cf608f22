#include "models/load.hpp"

#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "models/gguf_model.hpp"
#include "models/linear.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {
namespace {

at::ScalarType choose_dtype(const ModelOptions& options, const DecoderConfig& config) {
  if (options.dtype) return *options.dtype;
  if (options.device.is_cpu()) return cpu_multiplies(at::kBFloat16) ? at::kBFloat16 : at::kFloat;
  return config.stored_dtype == "float16" ? at::kHalf : at::kBFloat16;
}

Model load_folder(const std::filesystem::path& folder, const ModelOptions& options) {
  const DecoderConfig config = read_config(folder);
  const auto checkpoint = open_safetensors_checkpoint(folder);
  Model model;
  model.decoder =
      std::make_unique<Decoder>(config, *checkpoint, choose_dtype(options, config), options.device);
  model.tokenizer = load_tokenizer(folder);
  model.stop_tokens = config.stop_tokens;
  model.fingerprint = sha256(checkpoint->fingerprint() + sha256_file(folder / "config.json"));
  return model;
}

Model load_gguf(const std::filesystem::path& file, const ModelOptions& options) {
  const GgufModel gguf(file);
  Model model;
  model.decoder = std::make_unique<Decoder>(gguf.config(), gguf,
                                            choose_dtype(options, gguf.config()), options.device);
  model.tokenizer = gguf.tokenizer();
  model.stop_tokens = gguf.config().stop_tokens;
  model.fingerprint = gguf.fingerprint();
  return model;
}

/// Takes chat format and stop tokens from what configs/models/ says of the model, after checking
/// that the weights are of that model.
void apply_manifest(const ModelManifest& manifest, Model& model) {
  const DecoderConfig& config = model.decoder->config();
  if (config.layers != manifest.layers || config.width != manifest.width) {
    throw FormatError({"[model] the weights are not those of " + manifest.name,
                       fmt::format("{} layers of width {}", manifest.layers, manifest.width),
                       fmt::format("{} layers of width {}", config.layers, config.width), ""});
  }
  model.chat = manifest.chat;
  for (const std::string& piece : manifest.stop) {
    const auto id = model.tokenizer->find(piece);
    if (!id) {
      throw FormatError("model", fmt::format("the tokenizer has no token '{}', which stops {}",
                                             piece, manifest.name));
    }
    model.stop_tokens.push_back(*id);
  }
}

}  // namespace

Model load_model(const std::string& name, const ModelLocation& location,
                 const ModelOptions& options) {
  Model model = std::filesystem::is_directory(location.path) ? load_folder(location.path, options)
                                                             : load_gguf(location.path, options);
  model.name = name;
  if (location.manifest) apply_manifest(*location.manifest, model);
  return model;
}

std::string libtorch_version() { return TORCH_VERSION; }

}  // namespace austeer
