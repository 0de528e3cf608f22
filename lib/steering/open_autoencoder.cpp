// The three forms of open_sparse_autoencoder(). Shapes are looked at before any tensor is
// read.
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <spdlog/spdlog.h>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "steering/sparse_autoencoder.hpp"
#include "tensors/npz.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {
namespace {

using Shape = std::vector<std::int64_t>;

/// Named tensors, whatever holds them.
struct Source {
  std::string place;
  std::function<bool(const std::string&)> has;
  std::function<Shape(const std::string&)> shape;
  std::function<at::Tensor(const std::string&)> load;
};

Source source_of(const NpzFile& file, const std::filesystem::path& path) {
  return {path.string(), [&](const std::string& name) { return file.has(name); },
          [&](const std::string& name) { return file.header(name).shape; },
          [&](const std::string& name) { return file.tensor(name); }};
}

Source source_of(const SafetensorsFile& file) {
  return {file.path().string(), [&](const std::string& name) { return file.has(name); },
          [&](const std::string& name) { return file.header().tensors.at(name).shape; },
          [&](const std::string& name) { return file.tensor(name); }};
}

[[noreturn]] void refuse_source(const std::string& place, std::string_view what,
                                std::string expected, std::string found) {
  throw FormatError({fmt::format("[sparse autoencoder] {}: {}", place, what), std::move(expected),
                     std::move(found), ""});
}

/// `name` as the source spells it: some files begin it with a small letter.
std::string spelled(const Source& source, const std::string& name) {
  for (const std::string& spelling : {name, lower_ascii(name)}) {
    if (source.has(spelling)) return spelling;
  }
  refuse_source(source.place, "a tensor is missing", "W_enc, b_enc, threshold, W_dec, b_dec",
                fmt::format("no {}", name));
}

void check_shape(const Source& source, const std::string& name, const Shape& expected) {
  const Shape found = source.shape(name);
  if (found == expected) return;
  refuse_source(source.place, fmt::format("the tensor '{}'", name),
                fmt::format("[{}]", fmt::join(expected, ", ")),
                fmt::format("[{}]", fmt::join(found, ", ")));
}

/// Two sizes of the matrix `name`, both above zero.
std::pair<std::int64_t, std::int64_t> matrix_sizes(const Source& source, const std::string& name) {
  const Shape shape = source.shape(name);
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1) {
    refuse_source(source.place, fmt::format("the tensor '{}'", name), "a matrix",
                  fmt::format("[{}]", fmt::join(shape, ", ")));
  }
  return {shape[0], shape[1]};
}

/// GemmaScope's five tensors.
SparseAutoencoder read_gemma_scope(const Source& source) {
  const std::string encoder = spelled(source, "W_enc");
  const std::string decoder = spelled(source, "W_dec");
  const auto [width, atoms] = matrix_sizes(source, encoder);
  check_shape(source, decoder, {atoms, width});
  for (const char* name : {"b_enc", "threshold"})
    check_shape(source, spelled(source, name), {atoms});
  check_shape(source, spelled(source, "b_dec"), {width});
  return {
      {source.load(encoder), source.load("b_enc"), source.load("threshold"), source.load(decoder)},
      source.place};
}

/// The layer that the file's metadata names, if it does.
std::optional<std::int64_t> layer_in_metadata(const SafetensorsFile& file) {
  const auto found = file.header().metadata.find("layer");
  if (found == file.header().metadata.end()) return std::nullopt;
  const std::string& text = found->second;
  std::int64_t layer = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), layer);
  if (error != std::errc() || end != text.data() + text.size() || layer < 0) {
    refuse_source(file.path().string(), "the layer in its metadata", "a whole number from 0", text);
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

/// N of "blocks.N.hook_resid_post". Throws for any other place in a model.
std::int64_t residual_layer(const Fields& fields, const std::string& hook) {
  constexpr std::string_view before = "blocks.";
  constexpr std::string_view after = ".hook_resid_post";
  std::int64_t layer = -1;
  if (hook.starts_with(before)) {
    const char* end = hook.data() + hook.size();
    const auto [stop, error] = std::from_chars(hook.data() + before.size(), end, layer);
    if (error == std::errc() && layer >= 0 && std::string_view(stop, end) == after) return layer;
  }
  fields.refuse("hook_point_in", "blocks.N.hook_resid_post (an autoencoder of layer outputs)",
                hook);
}

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
  config.layer = residual_layer(fields, hook);
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
  const SafetensorsFile file(weights);
  const Source source = source_of(file);
  for (const char* name : {"encoder.weight", "encoder.bias", "decoder.weight"}) {
    if (!file.has(name))
      refuse_source(source.place, "a tensor is missing", name, "none of that name");
  }
  const auto [atoms, width] = matrix_sizes(source, "encoder.weight");
  check_shape(source, "encoder.weight", {atoms, config.width});
  check_shape(source, "encoder.bias", {atoms});
  check_shape(source, "decoder.weight", {width, atoms});
  if (config.decoder_bias) {
    if (!file.has("decoder.bias")) {
      refuse_source(source.place, "a tensor is missing", "decoder.bias", "none of that name");
    }
    check_shape(source, "decoder.bias", {width});
  }
  const auto wide = [&](const char* name) { return source.load(name).to(at::kFloat); };
  const at::Tensor decoder = wide("decoder.weight").t();  // [M, D]
  return {{{wide("encoder.weight").t() * config.input_scale, wide("encoder.bias"),
            llama_scope_thresholds(config, decoder, source.place), decoder / config.input_scale},
           folder.string()},
          "llama_scope",
          sha256_file(weights),
          config.layer};
}

}  // namespace

OpenedAutoencoder open_sparse_autoencoder(const std::filesystem::path& path) {
  std::error_code unreadable;
  if (std::filesystem::is_directory(path, unreadable)) return open_llama_scope(path);
  if (path.extension() == ".npz") {
    const NpzFile file(path);
    return {read_gemma_scope(source_of(file, path)), "gemma_scope", sha256_file(path), {}};
  }
  if (path.extension() == ".safetensors") {
    const SafetensorsFile file(path);
    return {read_gemma_scope(source_of(file)), "austeer", sha256_file(path),
            layer_in_metadata(file)};
  }
  throw UsageError({fmt::format("[sparse autoencoder] {}", path.string()),
                    "a GemmaScope params.npz, a LlamaScope folder or a .safetensors file",
                    "none of them", ""});
}

}  // namespace austeer
