#include "exports/ia3_adapter.hpp"

#include <fmt/format.h>

#include "exports/affine_plan.hpp"
#include "exports/output_folder.hpp"
#include "models/site_width.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {
namespace {

constexpr const char* factors_file = "adapter_model.safetensors";
constexpr const char* adapter_file = "adapter_config.json";

/// The linear layer whose input or output is scaled.
struct ScaledModule {
  std::string name;
  bool input;  ///< PEFT's `feedforward`
};

ScaledModule module_of(std::int64_t layer, Site site) {
  const std::string place = fmt::format("model.layers.{}.", layer);
  if (site == Site::attention) return {place + "self_attn.o_proj", true};
  return {place + (site == Site::ffn_gate ? "mlp.up_proj" : "mlp.down_proj"), false};
}

std::string tensor_name(const ScaledModule& module) {
  return "base_model.model." + module.name + ".ia3_l";
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
    const ScaledModule module = module_of(place.first, place.second);
    targets.push_back(module.name);
    if (module.input) inputs.push_back(module.name);
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

/// Layer and site of the tensor `name`.
AffinePlan::key_type place_of(const std::string& name, const DecoderConfig& config,
                              const std::string& file) {
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    for (const Site site : {Site::attention, Site::ffn_gate, Site::ffn}) {
      if (name == tensor_name(module_of(layer, site))) return {layer, site};
    }
  }
  throw FormatError({file + ": a tensor that scales no module that austeer steers",
                     "base_model.model.model.layers.N.{self_attn.o_proj, mlp.up_proj, "
                     "mlp.down_proj}.ia3_l",
                     name, "Is the adapter for this model?"});
}

}  // namespace

void write_ia3_adapter(const Plan& plan, const DecoderConfig& config, const std::string& base_model,
                       const std::filesystem::path& folder) {
  const AffinePlan affine = affine_plan(plan, config);
  check_expressible(affine, config);
  make_output_folder(folder);
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [place, edit] : affine) {
    const ScaledModule module = module_of(place.first, place.second);
    tensors.emplace_back(tensor_name(module), factor_tensor(edit, module.input));
  }
  write_safetensors(folder / factors_file, tensors,
                    {{"format", "pt"}, {"austeer.plan", to_text(plan.provenance)}});
  write_file(folder / adapter_file, to_text(adapter_config(affine, base_model), 2) + "\n");
}

Plan read_ia3_adapter(const std::filesystem::path& folder, const DecoderConfig& config) {
  const std::filesystem::path config_path = folder / adapter_file;
  const Json json = read_json(config_path);
  Fields fields(json, config_path.string());
  if (const auto type = fields.required<std::string>("peft_type"); type != "IA3") {
    throw FormatError({config_path.string() + ": not an IA³ adapter", "peft_type IA3", type, ""});
  }
  const SafetensorsFile file(folder / factors_file);
  AffinePlan affine;
  for (const auto& [name, entry] : file.header().tensors) {
    const auto place = place_of(name, config, file.path().string());
    const at::Tensor factors = file.tensor(name).to(at::kDouble).flatten();
    const std::int64_t width = site_width(config, place.second);
    if (factors.numel() != width) {
      throw FormatError({fmt::format("{}: {} has a wrong length", file.path().string(), name),
                         std::to_string(width), std::to_string(factors.numel()), ""});
    }
    const double* values = factors.const_data_ptr<double>();
    affine[place] = {std::vector<double>(values, values + width),
                     std::vector<double>(static_cast<std::size_t>(width), 0.0)};
  }
  return plan_of(affine);
}

}  // namespace austeer
