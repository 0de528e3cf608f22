#include "exports/control_vector.hpp"

#include <fmt/format.h>
#include <map>

#include "base/error.hpp"
#include "exports/affine_plan.hpp"
#include "models/gguf_config.hpp"
#include "tensors/gguf.hpp"
#include "tensors/gguf_write.hpp"

namespace austeer {
namespace {

constexpr const char* architecture = "controlvector";

std::string direction_name(std::int64_t layer) { return fmt::format("direction.{}", layer); }

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

}  // namespace

void write_control_vector(const Plan& plan, const DecoderConfig& config,
                          const std::filesystem::path& file) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [layer, direction] : directions_of(affine_plan(plan, config), config)) {
    tensors.emplace_back(direction_name(layer), direction);
  }
  write_gguf(file,
             {{"general.architecture", architecture},
              {"controlvector.model_hint", gguf_architecture(config.model_type)},
              {"controlvector.layer_count", static_cast<std::uint32_t>(tensors.size())},
              {"austeer.plan", to_text(plan.provenance)}},
             tensors);
}

Plan read_control_vector(const std::filesystem::path& file, const DecoderConfig& config) {
  const GgufFile gguf(file);
  const auto found = gguf.metadata().optional<std::string>("general.architecture", "");
  if (found != architecture) {
    throw FormatError({file.string() + ": not a control vector",
                       fmt::format("general.architecture {}", architecture), found, ""});
  }
  AffinePlan affine;
  std::size_t read = 0;
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    const std::string name = direction_name(layer);
    if (!gguf.has(name)) continue;
    const at::Tensor direction = gguf.load(name, at::kFloat).to(at::kDouble);
    if (direction.dim() != 1 || direction.size(0) != config.width) {
      throw FormatError({fmt::format("{}: {} does not fit the model", file.string(), name),
                         fmt::format("{} numbers", config.width),
                         fmt::format("{}", direction.numel()), ""});
    }
    const double* values = direction.const_data_ptr<double>();
    affine[{layer, Site::layer}] = {
        std::vector<double>(static_cast<std::size_t>(config.width), 1.0),
        std::vector<double>(values, values + config.width)};
    ++read;
  }
  if (read != gguf.names().size()) {
    throw FormatError({file.string() + ": a tensor that is no direction of this model",
                       fmt::format("direction.0 to direction.{}", config.layers - 1),
                       fmt::format("{} of {} tensors", read, gguf.names().size()), ""});
  }
  return plan_of(affine);
}

}  // namespace austeer
