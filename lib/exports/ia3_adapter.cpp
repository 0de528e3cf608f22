#include "exports/ia3_adapter.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/scan.hpp"
#include "exports/affine_plan.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {
namespace {

constexpr const char* factors_file = "adapter_model.safetensors";
constexpr const char* adapter_file = "adapter_config.json";
constexpr std::string_view tensor_prefix = "base_model.model.";
constexpr std::string_view tensor_suffix = ".ia3_l";
/// What decoder layers are called in a model, and in one that also sees pictures.
constexpr std::array layer_prefixes = {std::string_view("model.layers."),
                                       std::string_view("model.language_model.layers."),
                                       std::string_view("language_model.model.layers.")};

/// A linear layer whose input (PEFT's `feedforward`) or output is scaled, and what that is here.
struct ScaledModule {
  std::string_view name;  ///< within its layer
  bool input;
  Site site;
};

/// The first of a site is the one that is written. The input of down_proj is the product of the
/// FFN's halves, one of which is `ffn_gate`.
constexpr std::array scaled_modules = {ScaledModule{"self_attn.o_proj", true, Site::attention},
                                       ScaledModule{"mlp.up_proj", false, Site::ffn_gate},
                                       ScaledModule{"mlp.down_proj", true, Site::ffn_gate},
                                       ScaledModule{"mlp.down_proj", false, Site::ffn}};

const ScaledModule& module_of(Site site) {
  return *std::ranges::find(scaled_modules, site, &ScaledModule::site);
}

std::string module_path(std::int64_t layer, Site site) {
  return fmt::format("model.layers.{}.{}", layer, module_of(site).name);
}

std::string tensor_name(std::int64_t layer, Site site) {
  return fmt::format("{}{}{}", tensor_prefix, module_path(layer, site), tensor_suffix);
}

void check_expressible(const AffinePlan& affine, const DecoderConfig& config) {
  for (const auto& [place, edit] : affine) {
    const std::int64_t layer = place.first;
    const Site site = place.second;
    const auto refuse = [&](const char* why, const char* hint) {
      throw UsageError("export", fmt::format("layer {}, site {}: {}", layer, site_name(site), why),
                       hint);
    };
    if (edit.shifts()) {
      refuse("IA³ scales activations and adds nothing to them",
             "Of the residual stream use --to control-vector, of attention --to hf");
    }
    if (site == Site::layer) {
      refuse("what leaves a layer goes through no linear layer that IA³ could scale",
             "Steer at the sites attention or ffn");
    }
    if (site == Site::ffn && config.has_experts(layer)) {
      refuse("IA³ reaches no experts: PEFT sees one module in place of their matrices",
             "Use --to hf");
    }
  }
}

Json adapter_config(const AffinePlan& affine, const std::string& base_model) {
  Json targets = Json::array(), inputs = Json::array();
  for (const auto& [place, edit] : affine) {
    const std::string path = module_path(place.first, place.second);
    targets.push_back(path);
    if (module_of(place.second).input) inputs.push_back(path);
  }
  return {{"base_model_name_or_path", base_model},
          {"fan_in_fan_out", false},
          {"feedforward_modules", inputs},
          {"inference_mode", true},
          {"init_ia3_weights", true},
          {"modules_to_save", nullptr},
          {"peft_type", "IA3"},
          {"target_modules", targets},
          {"task_type", "CAUSAL_LM"}};
}

/// The factors of one module as `peft` shapes them.
at::Tensor factor_tensor(const AffineEdit& edit, bool input) {
  const at::Tensor factors = at::tensor(edit.factor, at::kDouble).to(at::kFloat);
  return factors.unsqueeze(input ? 0 : 1);
}

/// What an adapter says of itself.
struct AdapterSettings {
  std::string base_model;
  std::optional<std::vector<std::string>>
      inputs;  ///< the modules that are `feedforward`, if listed
};

AdapterSettings read_settings(const std::filesystem::path& file) {
  const Json json = read_json(file);
  Fields fields(json, file.string());
  const auto base = fields.optional<std::string>("base_model_name_or_path", "");
  if (const auto type = fields.required<std::string>("peft_type"); type != "IA3") {
    throw UsageError(
        {fmt::format("[plan] {} is an adapter of another method, not a plan",
                     file.parent_path().string()),
         "peft_type IA3", type,
         fmt::format("Merge it into its model, {}, with PEFT's merge_and_unload(), and "
                     "name the merged folder with --model",
                     base.empty() ? "which it does not name" : base)});
  }
  if (fields.has("modules_to_save") && !fields.value("modules_to_save").empty()) {
    throw UsageError(
        "plan",
        fmt::format("{}: modules_to_save: the adapter also brings whole modules, {}, which no plan "
                    "can",
                    file.string(), to_text(fields.value("modules_to_save"))),
        "Merge it into its model with PEFT's merge_and_unload()");
  }
  AdapterSettings settings{base, std::nullopt};
  if (fields.has("feedforward_modules") && fields.value("feedforward_modules").is_array()) {
    settings.inputs = fields.required<std::vector<std::string>>("feedforward_modules");
  }
  return settings;
}

/// One vector of an adapter.
struct AdapterVector {
  std::int64_t layer;
  std::string module;  ///< within the layer: "self_attn.o_proj"
  bool input;
  std::vector<double> factors;
};

[[noreturn]] void refuse_vector_of(const SafetensorsFile& file, const std::string& name,
                                   const std::string& what, std::string expected,
                                   std::string found) {
  throw FormatError({fmt::format("[IA³ adapter] {}: '{}' {}", file.path().string(), name, what),
                     std::move(expected), std::move(found), ""});
}

/// The layer and the module's name within it. Throws for a tensor that is not a layer's vector.
std::pair<std::int64_t, std::string> place_in(const std::string& name,
                                              const SafetensorsFile& file) {
  std::string_view text = name;
  if (text.starts_with(tensor_prefix) && text.ends_with(tensor_suffix)) {
    text.remove_prefix(tensor_prefix.size());
    text.remove_suffix(std::min(text.size(), tensor_suffix.size()));
    for (const std::string_view prefix : layer_prefixes) {
      if (!text.starts_with(prefix)) continue;
      std::string_view rest = text.substr(prefix.size());
      const auto layer = take_number<std::int64_t>(rest);
      if (!layer || *layer < 0 || !rest.starts_with('.')) continue;
      return {*layer, std::string(rest.substr(1))};
    }
  }
  refuse_vector_of(file, name, "is no vector of a decoder layer",
                   "base_model.model.model.layers.N.MODULE.ia3_l", "another name");
}

AdapterVector read_vector(const SafetensorsFile& file, const std::string& name,
                          const AdapterSettings& settings) {
  auto [layer, module] = place_in(name, file);
  const at::Tensor tensor = file.tensor(name);
  const bool is_row = tensor.dim() == 2 && tensor.size(0) == 1;
  const bool is_column = tensor.dim() == 2 && tensor.size(1) == 1;
  if (!(is_row || is_column) || tensor.numel() == 0 || !tensor.is_floating_point()) {
    refuse_vector_of(file, name, "has a wrong shape or type",
                     "[1, n] for an input, [n, 1] for an output, floating-point numbers",
                     fmt::format("[{}], {}", fmt::join(tensor.sizes(), ", "),
                                 c10::toString(tensor.scalar_type())));
  }
  bool input = is_row && !is_column;
  if (settings.inputs) {
    const std::string_view path = std::string_view(name).substr(
        tensor_prefix.size(), name.size() - tensor_prefix.size() - tensor_suffix.size());
    input = std::ranges::any_of(*settings.inputs,
                                [&](const std::string& end) { return path.ends_with(end); });
    if (!(input ? is_row : is_column)) {
      refuse_vector_of(file, name, "contradicts feedforward_modules of adapter_config.json",
                       input ? "[1, n], an input's" : "[n, 1], an output's",
                       fmt::format("[{}]", fmt::join(tensor.sizes(), ", ")));
    }
  }
  const at::Tensor factors = tensor.to(at::kDouble).flatten().contiguous();
  const double* values = factors.const_data_ptr<double>();
  return {layer, std::move(module), input, {values, values + factors.numel()}};
}

/// The site that `vector` scales. Throws where there is none.
Site site_of(const AdapterVector& vector, const SafetensorsFile& file) {
  for (const ScaledModule& module : scaled_modules) {
    if (module.name == vector.module && module.input == vector.input) return module.site;
  }
  throw UsageError(
      {fmt::format("[plan] {}: the {} of {} is no site", file.path().string(),
                   vector.input ? "input" : "output", vector.module),
       "inputs of o_proj and down_proj, outputs of up_proj and down_proj",
       fmt::format("layer {}, {}", vector.layer, vector.module),
       "Merge the adapter into its model with PEFT's merge_and_unload(), and steer that"});
}

/// Adds the factors of `vector` to those that its units already have.
void multiply(AffinePlan& affine, const AdapterVector& vector, Site site,
              const SafetensorsFile& file) {
  const std::size_t width = vector.factors.size();
  AffineEdit& edit = affine[{vector.layer, site}];
  if (edit.factor.empty()) edit = {std::vector(width, 1.0), std::vector(width, 0.0)};
  if (edit.factor.size() != width) {
    refuse_vector_of(file, vector.module, "has another width than the FFN's other vectors",
                     std::to_string(edit.factor.size()), std::to_string(width));
  }
  for (std::size_t i = 0; i < width; ++i) edit.factor[i] *= vector.factors[i];
}

Json provenance_of_adapter(const SafetensorsFile& file, const AdapterSettings& settings,
                           const AffinePlan& affine) {
  Json widths = Json::object();
  for (const auto& [place, edit] : affine) widths[site_name(place.second)] = edit.factor.size();
  Json provenance = {{"form", "ia3"},
                     {"file", file.path().parent_path().filename().string()},
                     {"sha256", sha256_file(file.path())},
                     {"base_model", settings.base_model},
                     {"widths", std::move(widths)}};
  const auto& metadata = file.header().metadata;
  if (const auto plan = metadata.find(exported_plan_key); plan != metadata.end()) {
    provenance["plan"] = parse_json(plan->second, file.path().string());
  }
  return provenance;
}

/// The adapter's weights. Throws FileError where they are not there, with what to do.
std::filesystem::path weights_of(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / factors_file;
  std::error_code error;
  if (std::filesystem::exists(file, error)) return file;
  const bool pickled = std::filesystem::exists(folder / "adapter_model.bin", error);
  throw FileError(
      {fmt::format("[plan] {}: the adapter's weights are not here", folder.string()), factors_file,
       pickled ? "adapter_model.bin, a pickle, which is not read" : "none",
       pickled ? "Convert them with Python: safetensors.torch.save_file(torch.load(\"adapter_model"
                 ".bin\", weights_only=True), \"adapter_model.safetensors\")"
               : "Is the download complete?"});
}

}  // namespace

void write_ia3_adapter(const Plan& plan, const DecoderConfig& config, const std::string& base_model,
                       const std::filesystem::path& folder) {
  const AffinePlan affine = affine_plan(plan, config);
  check_expressible(affine, config);
  make_output_folder(folder);
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [place, edit] : affine) {
    tensors.emplace_back(tensor_name(place.first, place.second),
                         factor_tensor(edit, module_of(place.second).input));
  }
  write_safetensors(folder / factors_file, tensors,
                    {{"format", "pt"}, {exported_plan_key, to_text(plan.provenance)}});
  write_file(folder / adapter_file, to_text(adapter_config(affine, base_model), 2) + "\n");
}

Plan read_ia3_adapter(const std::filesystem::path& folder) {
  const AdapterSettings settings = read_settings(folder / adapter_file);
  const SafetensorsFile file(weights_of(folder));
  AffinePlan affine;
  for (const auto& [name, entry] : file.header().tensors) {
    const AdapterVector vector = read_vector(file, name, settings);
    const bool idle =
        std::ranges::all_of(vector.factors, [](double factor) { return factor == 1; });
    if (!idle) multiply(affine, vector, site_of(vector, file), file);
  }
  Plan plan = checked_plan(affine, file.path().string());
  plan.provenance = provenance_of_adapter(file, settings, affine);
  return plan;
}

}  // namespace austeer
