// open_saelens(): SAELens' folders, cfg.json beside sae_weights.safetensors. What of the settings
// decides what is computed is carried out or refused by its key.
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <initializer_list>
#include <map>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "steering/sparse_autoencoder.hpp"

namespace austeer {
namespace {

namespace fs = std::filesystem;

constexpr const char* saelens_weights = "sae_weights.safetensors";
constexpr const char* saelens_scaler = "activation_scaler.json";

/// cfg.json, as far as it decides what is computed.
struct SaeLensConfig {
  bool has_threshold = false;
  std::int64_t top_k = 0;
  bool decoder_bias_from_input = true;  ///< b_dec is taken from the input
  InputNorm norm = InputNorm::none;
  double input_scale = 1;      ///< that the encoder expects its input multiplied by
  bool decoder_norm = false;   ///< atoms compete by z times the norm of their decoder rows
  bool decoder_scale = false;  ///< each atom has a factor of its own when it is decoded
  std::int64_t width = 0;
  std::int64_t atoms = 0;
  std::optional<std::int64_t> layer;
};

/// The first of `keys` that has a value; "" where none has.
std::string given_key(const Fields& fields, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (fields.has(key)) return key;
  }
  return "";
}

/// Refuses settings that are not carried out, unless they are what changes nothing.
void refuse_others(Fields& fields) {
  const std::string head = given_key(fields, {"hook_head_index", "hook_point_head_index"});
  if (!head.empty()) fields.refuse(head, "null: whole layer outputs", fields.value(head));
  const auto reshaped = fields.optional<std::string>("reshape_activations", "none");
  if (reshaped != "none") fields.refuse("reshape_activations", "none", reshaped);
  if (!given_key(fields, {"hook_name_out", "d_out"}).empty()) {
    fields.refuse(given_key(fields, {"hook_name_out", "d_out"}),
                  "an autoencoder, which puts out what it takes in", "a transcoder");
  }
}

/// The activation function: "" where the settings name none.
std::string activation_of(Fields& fields) {
  const std::string key = given_key(fields, {"activation_fn_str", "activation_fn"});
  return key.empty() ? "" : fields.required<std::string>(key);
}

std::int64_t read_top_k(Fields& fields) {
  const bool older =
      fields.has("activation_fn_kwargs") && fields.value("activation_fn_kwargs").contains("k");
  const auto k = older ? fields.object("activation_fn_kwargs").required<std::int64_t>("k")
                       : fields.required<std::int64_t>("k");
  if (k < 1) fields.refuse("k", "a number above 0", k);
  return k;
}

void read_architecture(Fields& fields, SaeLensConfig& config) {
  const auto architecture = fields.optional<std::string>("architecture", "standard");
  const std::string activation = activation_of(fields);
  if (architecture != "standard" && architecture != "topk" && architecture != "jumprelu") {
    fields.refuse("architecture", "standard, topk or jumprelu", architecture);
  }
  const bool top_k = architecture == "topk" || (architecture == "standard" && activation == "topk");
  if (!activation.empty() && activation != "relu" && !(top_k && activation == "topk")) {
    fields.refuse(given_key(fields, {"activation_fn_str", "activation_fn"}),
                  top_k ? "topk" : "relu, or topk of the architecture standard or topk",
                  activation);
  }
  config.has_threshold = architecture == "jumprelu";
  if (top_k) config.top_k = read_top_k(fields);
  config.decoder_norm = fields.optional("rescale_acts_by_decoder_norm", false);
  if (config.decoder_norm && !top_k) {
    fields.refuse("rescale_acts_by_decoder_norm", "false, or the architecture topk", true);
  }
}

/// The factor that SAELens keeps beside the settings while it trains.
double read_input_scale(const Fields& fields, const fs::path& folder) {
  const fs::path file = folder / saelens_scaler;
  std::error_code unreadable;
  const Json json = fs::exists(file, unreadable) ? read_json(file) : Json::object();
  Fields scaler(json, file.string());
  if (!scaler.has("scaling_factor")) {
    throw FormatError(
        {fmt::format("{}: 'normalize_activations' is expected_average_only_in, and its factor is "
                     "not in the folder",
                     fields.place()),
         fmt::format("scaling_factor in {}", saelens_scaler), "none",
         "Fold it in with SAELens: sae.fold_activation_norm_scaling_factor(FACTOR), then "
         "sae.save_model(FOLDER)"});
  }
  const auto scale = scaler.required<double>("scaling_factor");
  if (!std::isfinite(scale) || scale <= 0) scaler.refuse("scaling_factor", "above 0", scale);
  return scale;
}

void read_normalisation(Fields& fields, const fs::path& folder, SaeLensConfig& config) {
  std::string norm = "none";
  if (fields.has("normalize_activations")) {
    const Json& value = fields.value("normalize_activations");
    norm = !value.is_boolean() ? fields.required<std::string>("normalize_activations")
           : value.get<bool>() ? "expected_average_only_in"
                               : "none";
  }
  if (norm == "expected_average_only_in") {
    config.input_scale = read_input_scale(fields, folder);
  } else if (norm == "constant_norm_rescale") {
    config.norm = InputNorm::constant_norm;
  } else if (norm == "layer_norm") {
    config.norm = InputNorm::layer_norm;
  } else if (norm != "none") {
    fields.refuse("normalize_activations",
                  "none, expected_average_only_in, constant_norm_rescale or layer_norm", norm);
  }
}

/// The layer that the hook names, in `fields` or in their "metadata", where version 6 has it.
void read_hook(Fields& fields, SaeLensConfig& config) {
  const std::string key = given_key(fields, {"hook_name", "hook_point"});
  if (!key.empty()) {
    const auto layer = residual_layer(fields, key, fields.required<std::string>(key));
    if (config.layer && *config.layer != layer) {
      fields.refuse(key, fmt::format("layer {}, as elsewhere in the file", *config.layer),
                    fields.value(key));
    }
    config.layer = layer;
  }
  refuse_others(fields);
}

/// Refuses a number for the hook's layer that is another than the hook's name says.
void check_hook_layer(Fields& fields, const SaeLensConfig& config) {
  const std::string key = given_key(fields, {"hook_layer", "hook_point_layer"});
  if (key.empty() || !config.layer) return;
  const std::string hook_key = given_key(fields, {"hook_name", "hook_point"});
  if (hook_key.empty()) return;
  const auto hook = fields.required<std::string>(hook_key);
  const std::int64_t named = *config.layer + (hook.ends_with("hook_resid_pre") ? 1 : 0);
  const auto layer = fields.required<std::int64_t>(key);
  if (layer != named) fields.refuse(key, fmt::format("{}, as {} says", named, hook), layer);
}

SaeLensConfig read_saelens_config(const fs::path& file) {
  const Json json = read_json(file);
  Fields fields(json, file.string());
  SaeLensConfig config;
  read_architecture(fields, config);
  read_normalisation(fields, file.parent_path(), config);
  config.decoder_bias_from_input = fields.optional("apply_b_dec_to_input", true);
  config.decoder_scale = fields.optional("finetuning_scaling_factor", false);
  config.width = fields.required<std::int64_t>("d_in");
  config.atoms = fields.required<std::int64_t>("d_sae");
  for (const char* key : {"d_in", "d_sae"}) {
    if (fields.required<std::int64_t>(key) < 1) fields.refuse(key, "above 0", fields.value(key));
  }
  if (config.top_k > config.atoms) {
    fields.refuse("d_sae", fmt::format("at least k, {}", config.top_k), config.atoms);
  }
  read_hook(fields, config);
  check_hook_layer(fields, config);
  if (fields.has("metadata")) {
    Fields metadata = fields.object("metadata");
    read_hook(metadata, config);
    check_hook_layer(metadata, config);
  }
  return config;
}

/// Throws for tensors that are missing, misshapen, or of another architecture.
void check_tensors(const AutoencoderSource& source, const SaeLensConfig& config) {
  std::map<std::string, AutoencoderSource::Shape> expected = {
      {"W_enc", {config.width, config.atoms}},
      {"b_enc", {config.atoms}},
      {"W_dec", {config.atoms, config.width}},
      {"b_dec", {config.width}}};
  if (config.has_threshold) {
    expected[source.has("log_threshold") ? "log_threshold" : "threshold"] = {config.atoms};
  }
  for (const char* name : {"scaling_factor", "finetuning_scaling_factor"}) {
    if (source.has(name)) expected[name] = {config.atoms};
  }
  for (const auto& [name, shape] : expected) source.check_shape(name, shape);
  for (const std::string& name : source.names) {
    if (expected.contains(name)) continue;
    std::vector<std::string> known;
    for (const auto& [key, shape] : expected) known.push_back(key);
    source.refuse("a tensor that the architecture of cfg.json does not have",
                  fmt::format("{}", fmt::join(known, ", ")), name);
  }
}

/// What each atom's activation is multiplied by before it is decoded, float32 [M].
at::Tensor decoder_scale(const AutoencoderSource& source, const SaeLensConfig& config) {
  at::Tensor scale = at::ones({config.atoms}, at::kFloat);
  for (const char* name : {"scaling_factor", "finetuning_scaling_factor"}) {
    if (!source.has(name)) continue;
    const at::Tensor found = source.load_float(name);
    if (config.decoder_scale) {
      scale = scale * found;
    } else if (!found.allclose(at::ones_like(found))) {
      source.refuse(fmt::format("the tensor '{}'", name),
                    "ones, as finetuning_scaling_factor of cfg.json is false", "other factors");
    }
  }
  return scale;
}

at::Tensor thresholds_of(const AutoencoderSource& source, const SaeLensConfig& config) {
  if (!config.has_threshold) return at::zeros({config.atoms}, at::kFloat);
  return source.has("log_threshold") ? source.load_float("log_threshold").exp()
                                     : source.load_float("threshold");
}

/// The parts with the input's scale and the decoder's norms folded into the weights.
SparseAutoencoderParts folded_parts(const AutoencoderSource& source, const SaeLensConfig& config) {
  SparseAutoencoderParts parts{source.load_float("W_enc"), source.load_float("b_enc"),
                               thresholds_of(source, config), source.load_float("W_dec")};
  at::Tensor input_bias = source.load_float("b_dec");
  if (config.input_scale != 1) {
    parts.encoder = parts.encoder * config.input_scale;
    parts.decoder = parts.decoder / config.input_scale;
    input_bias = input_bias / config.input_scale;
  }
  if (config.decoder_bias_from_input) parts.input_bias = input_bias;
  if (config.decoder_norm) {
    const at::Tensor norms = parts.decoder.norm(2, 1);
    parts.encoder = parts.encoder * norms;
    parts.encoder_bias = parts.encoder_bias * norms;
    // A row of zeros adds nothing however active its atom is.
    parts.decoder = parts.decoder / norms.where(norms > 0, at::ones_like(norms)).unsqueeze(1);
  }
  parts.decoder = parts.decoder * decoder_scale(source, config).unsqueeze(1);
  parts.norm = config.norm;
  parts.top_k = config.top_k;
  return parts;
}

/// The file with the weights in `folder`. Throws FileError where it is not there.
fs::path weights_in(const fs::path& folder) {
  const fs::path file = folder / saelens_weights;
  std::error_code unreadable;
  if (fs::exists(file, unreadable)) return file;
  std::vector<std::string> names = list_folder(folder);
  throw FileError(
      {fmt::format("[sparse autoencoder] {}: cfg.json has no weights beside it", folder.string()),
       saelens_weights, fmt::format("{}", fmt::join(names, ", ")),
       "Is the download complete? A file that is called otherwise can be named itself"});
}

}  // namespace

OpenedAutoencoder open_saelens(const fs::path& path) {
  std::error_code unreadable;
  const bool is_folder = fs::is_directory(path, unreadable);
  const SaeLensConfig config =
      read_saelens_config((is_folder ? path : path.parent_path()) / "cfg.json");
  const fs::path weights = is_folder ? weights_in(path) : path;
  const AutoencoderSource source = open_autoencoder_source(weights);
  check_tensors(source, config);
  return {
      {folded_parts(source, config), path.string()}, "saelens", sha256_file(weights), config.layer};
}

}  // namespace austeer
