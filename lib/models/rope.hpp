#pragma once
// Rotary position embedding (RoPE), in the half-split layout of Hugging Face checkpoints: dims i
// and i + head_dim/2 form the pair that is turned by position * frequency[i].

#include <ATen/ATen.h>

#include "base/json.hpp"
#include "models/config.hpp"

namespace austeer {

// What config.json says of rotary positions, in either spelling, and what files of any format leave
// to be inferred of YaRN.

/// Reads rope_parameters, or rope_theta and rope_scaling, of a config.json into `config`, whose
/// sizes are known. Keys of theirs that are not used are warned of. Throws FormatError.
void read_rope_config(Fields& fields, DecoderConfig& config);

/// What YaRN multiplies cosines and sines by where no file says it: 0.1 ln(factor) + 1, or a ratio
/// of two such numbers where both `mscale` are given (transformers' _compute_yarn_parameters).
double yarn_attention_factor(double factor, double mscale = 0.0, double mscale_all_dim = 0.0);

/// A text may be as long as YaRN's factor says: Qwen's cards tell people to add it and to leave
/// max_position_embeddings, which are then the trained ones.
void extend_positions(DecoderConfig& config);

/// The angle per position of each pair, float32 [head_dim / 2], scaled as the config says
/// (linear: divided by the factor; llama3: low frequencies divided, a smooth band between; yarn:
/// the same with a ramp over pairs, as in transformers' modeling_rope_utils and arXiv:2309.00071).
at::Tensor rope_frequencies(const RopeConfig& rope, std::int64_t head_dim);

/// Cosines and sines for some rows, each float32 [rows, 1, head_dim / 2].
struct RopeTable {
  at::Tensor cos;
  at::Tensor sin;

  /// The rows at `index`, int64.
  RopeTable select(const at::Tensor& index) const;
  RopeTable to(at::Device device) const { return {cos.to(device), sin.to(device)}; }
};

/// The table for `positions` (int64 [rows]) on the device of `frequencies`, times `factor`
/// (RopeConfig::attention_factor).
RopeTable rope_table(const at::Tensor& frequencies, const at::Tensor& positions,
                     double factor = 1.0);

/// Turns `x` [rows, heads, head_dim] in float32 and returns it in x's dtype. Where a kernel takes x
/// (float32 on the CPU), that is x itself, turned in place.
at::Tensor apply_rope(const at::Tensor& x, const RopeTable& table);

}  // namespace austeer
