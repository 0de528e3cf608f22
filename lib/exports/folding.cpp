#include "exports/folding.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "base/error.hpp"

namespace austeer {
namespace {

/// Modules that have biases together or not at all.
struct BiasGroup {
  const char* key;  ///< of config.json
  const char* parent;
  std::vector<const char*> modules;
  bool present;                         ///< whether this model has them
  std::vector<std::string_view> types;  ///< families that read the key
};

BiasGroup attention_biases(const DecoderConfig& config) {
  return {"attention_bias",
          "self_attn",
          {"q_proj", "k_proj", "v_proj", "o_proj"},
          config.output_bias,
          {"llama", "qwen3", "qwen3_moe", "gemma2", "gemma3_text"}};
}

BiasGroup ffn_biases(const DecoderConfig& config) {
  return {"mlp_bias", "mlp", {"gate_proj", "up_proj", "down_proj"}, config.ffn_bias, {"llama"}};
}

[[noreturn]] void refuse_folding(const AffinePlan::key_type& place, std::string_view why,
                                 std::string_view hint) {
  throw UsageError("export",
                   fmt::format("layer {}, site {}: {}", place.first, site_name(place.second), why),
                   hint);
}

/// Sees to it that the modules of `group` have biases.
void need_biases(Folding& folding, const BiasGroup& group, const AffinePlan::key_type& place,
                 const DecoderConfig& config) {
  if (group.present || std::ranges::count(folding.switches, group.key) > 0) return;
  if (std::ranges::count(group.types, std::string_view(config.model_type)) == 0) {
    refuse_folding(
        place, fmt::format("the shift needs a bias, which {} has none of there", config.model_type),
        "A shift of the residual stream can go --to control-vector");
  }
  folding.switches.emplace_back(group.key);
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    for (const char* module : group.modules) {
      folding.new_biases.push_back(
          fmt::format("model.layers.{}.{}.{}", layer, group.parent, module));
    }
  }
}

at::Tensor as_tensor(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }

at::Tensor sum_of(const at::Tensor& a, const at::Tensor& b) { return a.defined() ? a + b : b; }

void fold_attention(Folding& folding, const AffinePlan::key_type& place, const AffineEdit& edit,
                    const DecoderConfig& config) {
  ModuleFold& output =
      folding.modules[fmt::format("model.layers.{}.self_attn.o_proj", place.first)];
  if (edit.scales()) output.columns = as_tensor(edit.factor);
  if (!edit.shifts()) return;
  output.input = as_tensor(edit.offset);
  need_biases(folding, attention_biases(config), place, config);
}

void fold_experts(Folding& folding, const AffinePlan::key_type& place, const AffineEdit& edit,
                  const DecoderConfig& config) {
  if (edit.shifts()) {
    refuse_folding(place, "experts have no bias that could take the shift",
                   "A shift of the residual stream can go --to control-vector");
  }
  for (std::int64_t expert = 0; expert < config.experts->count; ++expert) {
    folding.modules[fmt::format("model.layers.{}.mlp.experts.{}.down_proj", place.first, expert)]
        .rows = as_tensor(edit.factor);
  }
}

/// Sites that down_proj reads or writes; the residual stream too, where its output is all that the
/// layer adds last.
void fold_ffn(Folding& folding, const AffinePlan::key_type& place, const AffineEdit& edit,
              const DecoderConfig& config) {
  const Site site = place.second;
  if (site == Site::layer && edit.scales()) {
    refuse_folding(place, "what leaves a layer is a sum that no single matrix writes",
                   "Steer at the sites attention or ffn");
  }
  if (site == Site::layer && config.post_norms) {
    refuse_folding(place, "a norm follows the FFN in this family", "Use --to control-vector");
  }
  if (site == Site::ffn_gate && edit.shifts()) {
    refuse_folding(place, "the shift is multiplied by the FFN's other half, which no bias is", "");
  }
  if (config.has_experts(place.first)) return fold_experts(folding, place, edit, config);
  ModuleFold& down = folding.modules[fmt::format("model.layers.{}.mlp.down_proj", place.first)];
  if (edit.scales()) {
    (site == Site::ffn_gate ? down.columns : down.rows) = as_tensor(edit.factor);
  }
  if (!edit.shifts()) return;
  down.output = sum_of(down.output, as_tensor(edit.offset));
  need_biases(folding, ffn_biases(config), place, config);
}

}  // namespace

at::Tensor ModuleFold::weight(const at::Tensor& weight) const {
  at::Tensor folded = weight.to(at::kDouble);
  if (rows.defined()) folded = folded * rows.unsqueeze(1);
  if (columns.defined()) folded = folded * columns;
  return folded.to(weight.scalar_type());
}

at::Tensor ModuleFold::bias(const at::Tensor& weight, const at::Tensor& bias) const {
  at::Tensor folded =
      bias.defined() ? bias.to(at::kDouble) : at::zeros({weight.size(0)}, at::kDouble);
  if (input.defined()) folded = folded + at::mv(weight.to(at::kDouble), input);
  if (rows.defined()) folded = folded * rows;
  if (output.defined()) folded = folded + output;
  return folded.to(weight.scalar_type());
}

Folding fold(const AffinePlan& affine, const DecoderConfig& config) {
  Folding folding;
  for (const auto& [place, edit] : affine) {
    const bool attention = place.second == Site::attention;
    (attention ? fold_attention : fold_ffn)(folding, place, edit, config);
  }
  return folding;
}

}  // namespace austeer
