#pragma once
// How GGUF names the tensors of a decoder, and how Hugging Face does.

#include <cstdint>
#include <string>
#include <vector>

namespace austeer {

/// What the names depend on.
struct GgufNaming {
  std::int64_t layers = 0;   ///< tensors of other layers are none that a decoder loads
  bool post_norms = false;   ///< norms after attention and FFN too, as in Gemma
  std::int64_t experts = 0;  ///< the slices of an expert tensor
};

/// The Hugging Face names of what the GGUF tensor `name` holds: one for most, one for each expert
/// in order ("blk.3.ffn_up_exps.weight" → "model.layers.3.mlp.experts.0.up_proj.weight", ...), none
/// for what a decoder does not load ("rope_freqs.weight", a layer that it does not have).
std::vector<std::string> hugging_face_names(const std::string& name, const GgufNaming& naming);

/// Whether the tensor `name` has the weights of all experts of a layer.
bool has_experts(const std::string& name);

}  // namespace austeer
