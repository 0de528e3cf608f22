#include "exports/control_vector.hpp"

#include <fmt/format.h>
#include <map>
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/scan.hpp"
#include "exports/affine_plan.hpp"
#include "models/families.hpp"
#include "models/gguf_config.hpp"
#include "tensors/gguf.hpp"

namespace austeer {
namespace {

constexpr const char* architecture = "controlvector";
constexpr const char* hint_key = "controlvector.model_hint";
constexpr const char* count_key = "controlvector.layer_count";

constexpr std::string_view direction_prefix = "direction.";

std::string direction_name(std::int64_t layer) {
  return fmt::format("{}{}", direction_prefix, layer);
}

void check_addable(const AffinePlan::key_type& place, const AffineEdit& edit,
                   const DecoderConfig& config) {
  const std::int64_t layer = place.first;
  const Site site = place.second;
  const auto refuse = [&](const std::string& why, const char* hint) {
    throw UsageError("export", fmt::format("layer {}, site {}: {}", layer, site_name(site), why),
                     hint);
  };
  if (edit.scales()) {
    refuse("a control vector is added to activations and scales none",
           "Use --to ia3 or --to hf; of methods that add, the plan has the rule add");
  }
  if (site == Site::ffn && config.post_norms) {
    refuse("a norm follows the FFN in this family", "Steer at the site layer");
  }
  if (site == Site::attention || site == Site::ffn_gate) {
    refuse("a control vector is added to the residual stream after a layer",
           "Steer at the site layer; of attention, --to hf writes the shift into a bias");
  }
  if (layer == 0) refuse("llama.cpp adds no vector after layer 0", "Choose later layers");
}

/// What is added after each layer, float64 [D].
std::map<std::int64_t, at::Tensor> directions_of(const AffinePlan& affine,
                                                 const DecoderConfig& config) {
  std::map<std::int64_t, at::Tensor> directions;
  for (const auto& [place, edit] : affine) {
    check_addable(place, edit, config);
    const at::Tensor offset = at::tensor(edit.offset, at::kDouble);
    const auto [at_layer, is_new] = directions.try_emplace(place.first, offset);
    if (!is_new) at_layer->second = at_layer->second + offset;
  }
  return directions;
}

[[noreturn]] void refuse_vector(const std::filesystem::path& file, const std::string& what,
                                std::string expected, std::string found) {
  throw FormatError({fmt::format("[control vector] {}: {}", file.string(), what),
                     std::move(expected), std::move(found), ""});
}

/// Throws unless `file` is a control vector.
void check_architecture(const GgufFile& file) {
  const GgufMetadata& metadata = file.metadata();
  const auto found = metadata.optional<std::string>("general.architecture", "");
  if (found == architecture) return;
  const bool adapter = metadata.optional<std::string>("general.type", "") == "adapter";
  throw UsageError(
      {fmt::format("[plan] {} is {}, not a plan", file.path().string(),
                   adapter ? "a LoRA adapter" : "a model"),
       fmt::format("a ranking, a plan, or a GGUF file of the architecture {}", architecture),
       "the architecture '" + found + "'",
       adapter ? "Merge it into its model, and steer that" : "Name a model with --model"});
}

/// N of "direction.N".
std::int64_t layer_of(const std::filesystem::path& file, const std::string& name) {
  std::int64_t layer = -1;
  if (name.starts_with(direction_prefix)) {
    layer = parse_number<std::int64_t>(name.substr(direction_prefix.size())).value_or(-1);
  }
  if (layer >= 0 && name == direction_name(layer)) return layer;
  refuse_vector(file, "a tensor that is no direction", "direction.N, N a layer", name);
}

std::vector<double> read_direction(const GgufFile& file, const std::string& name) {
  const std::vector<std::int64_t> shape = file.shape(name);
  if (shape.size() != 1 || shape[0] < 1) {
    refuse_vector(file.path(), fmt::format("'{}' has a wrong shape", name), "one number per unit",
                  fmt::format("[{}]", fmt::join(shape, ", ")));
  }
  const at::Tensor values = file.load(name, at::kFloat).to(at::kDouble).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

/// What is on record about the file, and says when the file contradicts itself.
Json provenance_of(const GgufFile& file, std::size_t width) {
  const GgufMetadata& metadata = file.metadata();
  const std::int64_t vectors = static_cast<std::int64_t>(file.names().size());
  const auto counted = metadata.optional<std::int64_t>(count_key, vectors);
  if (counted != vectors) {
    spdlog::warn("{}: it says that it has vectors for {} layers, and has {}", file.path().string(),
                 counted, vectors);
  }
  Json provenance = {{"form", "control_vector"},
                     {"file", file.path().filename().string()},
                     {"sha256", sha256_file(file.path())},
                     {"widths", {{site_name(Site::layer), width}}}};
  if (metadata.has(hint_key)) {
    provenance["model_hint"] = metadata.required<std::string>(hint_key);
  }
  if (metadata.has(exported_plan_key)) {
    provenance["plan"] =
        parse_json(metadata.required<std::string>(exported_plan_key), file.path().string());
  }
  return provenance;
}

}  // namespace

void write_control_vector(const Plan& plan, const DecoderConfig& config,
                          const std::filesystem::path& file) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [layer, direction] : directions_of(affine_plan(plan, config), config)) {
    tensors.emplace_back(direction_name(layer), direction);
  }
  write_gguf(file,
             {{"general.architecture", architecture},
              {hint_key, std::string(family_of(config.model_type).architecture)},
              {count_key, static_cast<std::uint32_t>(tensors.size())},
              {exported_plan_key, to_text(plan.provenance)}},
             tensors);
}

Plan read_control_vector(const std::filesystem::path& file) {
  const GgufFile gguf(file);
  check_architecture(gguf);
  AffinePlan affine;
  std::size_t width = 0;
  for (const std::string& name : gguf.names()) {
    std::vector<double> direction = read_direction(gguf, name);
    if (width == 0) width = direction.size();
    if (direction.size() != width) {
      refuse_vector(file, fmt::format("'{}' has another width", name), std::to_string(width),
                    std::to_string(direction.size()));
    }
    const std::int64_t layer = layer_of(file, name);
    if (layer == 0) {
      spdlog::warn("{}: direction.0 is added after layer 0, as repeng does; llama.cpp refuses it",
                   file.string());
    }
    affine[{layer, Site::layer}] = {std::vector<double>(width, 1.0), std::move(direction)};
  }
  Plan plan = checked_plan(affine, file.string());
  plan.provenance = provenance_of(gguf, width);
  return plan;
}

}  // namespace austeer
