// open_sparse_autoencoder(): which form a path is in, and all forms but SAELens'. Shapes are looked
// at before any tensor is read.
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <spdlog/spdlog.h>

#include "base/hash.hpp"
#include "base/scan.hpp"
#include "base/utf8.hpp"
#include "steering/sparse_autoencoder.hpp"
#include "tensors/npz.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {

namespace {

/// `name` as the source spells it: some files begin it with a small letter.
std::string spelled(const AutoencoderSource& source, const std::string& name) {
  for (const std::string& spelling : {name, lower_ascii(name)}) {
    if (source.has(spelling)) return spelling;
  }
  source.refuse("a tensor is missing", "W_enc, b_enc, threshold, W_dec, b_dec",
                fmt::format("no {}", name));
}

/// GemmaScope's five tensors.
SparseAutoencoder read_gemma_scope(const AutoencoderSource& source) {
  const std::string encoder = spelled(source, "W_enc");
  const std::string decoder = spelled(source, "W_dec");
  const auto [width, atoms] = source.matrix_sizes(encoder);
  source.check_shape(decoder, {atoms, width});
  for (const char* name : {"b_enc", "threshold"})
    source.check_shape(spelled(source, name), {atoms});
  source.check_shape(spelled(source, "b_dec"), {width});
  return {
      {source.load(encoder), source.load("b_enc"), source.load("threshold"), source.load(decoder)},
      source.place};
}

/// The layer that the file's metadata names, if it does.
std::optional<std::int64_t> layer_in_metadata(const AutoencoderSource& source) {
  const auto found = source.metadata.find("layer");
  if (found == source.metadata.end()) return std::nullopt;
  const std::string& text = found->second;
  const auto layer = parse_number<std::int64_t>(text);
  if (!layer || *layer < 0) {
    source.refuse("the layer in its metadata", "a whole number from 0", text);
  }
  return layer;
}

/// hyperparams.json of a LlamaScope autoencoder, as far as it decides what is computed.
struct LlamaScopeConfig {
  std::int64_t width = 0;
  double threshold = 0;
  double input_scale = 1;     ///< that the encoder expects its input multiplied by
  bool decoder_norm = false;  ///< whether thresholds are for z times the norm of the atom's decoder
  bool decoder_bias = true;
  std::int64_t layer = 0;
};

double positive_number(Fields& fields, const std::string& key) {
  const auto value = fields.required<double>(key);
  if (!std::isfinite(value) || value <= 0) fields.refuse(key, "a number above 0", value);
  return value;
}

LlamaScopeConfig read_llama_scope_config(const std::filesystem::path& file) {
  const Json json = read_json(file);
  Fields fields(json, file.string());
  const auto require = [&](const std::string& key, const std::string& value) {
    if (const auto found = fields.required<std::string>(key); found != value) {
      fields.refuse(key, value, found);
    }
  };
  require("act_fn", "jumprelu");
  require("norm_activation", "dataset-wise");
  for (const char* key : {"apply_decoder_bias_to_pre_encoder", "use_glu_encoder"}) {
    if (fields.optional(key, false)) fields.refuse(key, "false", true);
  }
  LlamaScopeConfig config;
  const auto hook = fields.required<std::string>("hook_point_in");
  config.layer = residual_layer(fields, "hook_point_in", hook);
  require("hook_point_out", hook);
  config.width = fields.required<std::int64_t>("d_model");
  if (config.width < 1) fields.refuse("d_model", "a number above 0", config.width);
  config.threshold = positive_number(fields, "jump_relu_threshold");
  Fields norms = fields.object("dataset_average_activation_norm");
  config.input_scale = std::sqrt(static_cast<double>(config.width)) / positive_number(norms, "in");
  config.decoder_norm = fields.optional("sparsity_include_decoder_norm", true);
  config.decoder_bias = fields.optional("use_decoder_bias", true);
  return config;
}

/// A threshold per atom. Where thresholds are for z times the norm of the atom's decoder row, that
/// norm is divided out of them: the published configuration says so, programs that ignore it agree
/// only as far as the rows have norm one.
at::Tensor llama_scope_thresholds(const LlamaScopeConfig& config, const at::Tensor& decoder,
                                  const std::string& place) {
  at::Tensor norms = at::ones({decoder.size(0)}, at::kFloat);
  if (config.decoder_norm) {
    norms = decoder.norm(2, 1);
    constexpr double rounding = 1.0 / 128;  // of bfloat16
    const double furthest = (norms - 1).abs().max().item<double>();
    if (furthest > rounding) {
      spdlog::warn(
          "{}: decoder rows have norms up to {:.3g} away from 1; the thresholds are taken for "
          "activations times the norm, as sparsity_include_decoder_norm says",
          place, furthest);
    }
  }
  // An atom without a decoder row is never active.
  return (config.threshold / norms).clamp_max(std::numeric_limits<float>::max());
}

OpenedAutoencoder open_llama_scope(const std::filesystem::path& folder) {
  const LlamaScopeConfig config = read_llama_scope_config(folder / "hyperparams.json");
  const std::filesystem::path weights = folder / "checkpoints" / "final.safetensors";
  const AutoencoderSource source = open_autoencoder_source(weights);
  const auto [atoms, width] = source.matrix_sizes("encoder.weight");
  source.check_shape("encoder.weight", {atoms, config.width});
  source.check_shape("encoder.bias", {atoms});
  source.check_shape("decoder.weight", {width, atoms});
  if (config.decoder_bias) source.check_shape("decoder.bias", {width});
  const at::Tensor decoder = source.load_float("decoder.weight").t();  // [M, D]
  return {{{source.load_float("encoder.weight").t() * config.input_scale,
            source.load_float("encoder.bias"),
            llama_scope_thresholds(config, decoder, source.place), decoder / config.input_scale},
           folder.string()},
          "llama_scope",
          sha256_file(weights),
          config.layer};
}

}  // namespace

OpenedAutoencoder open_sparse_autoencoder(const std::filesystem::path& path) {
  std::error_code unreadable;
  const bool is_folder = std::filesystem::is_directory(path, unreadable);
  const std::filesystem::path folder = is_folder ? path : path.parent_path();
  const bool has_settings = std::filesystem::exists(folder / "cfg.json", unreadable);
  if (is_folder) return has_settings ? open_saelens(path) : open_llama_scope(path);
  if (!holds_autoencoder_weights(path)) {
    throw UsageError(
        {fmt::format("[sparse autoencoder] {}", path.string()),
         "a folder of SAELens or LlamaScope, a GemmaScope params.npz or a .safetensors "
         "file",
         "none of them", ""});
  }
  if (has_settings) return open_saelens(path);
  const AutoencoderSource source = open_autoencoder_source(path);
  const bool is_npz = path.extension() == ".npz";
  return {read_gemma_scope(source), is_npz ? "gemma_scope" : "austeer", sha256_file(path),
          layer_in_metadata(source)};
}

}  // namespace austeer
