#pragma once
// What config.json says of rotary positions, in either spelling, and what files of any format leave
// to be inferred of YaRN.

#include "base/json.hpp"
#include "models/config.hpp"

namespace austeer {

/// Reads rope_parameters, or rope_theta and rope_scaling, of a config.json into `config`, whose
/// sizes are known. Keys of theirs that are not used are warned of. Throws FormatError.
void read_rope_config(Fields& fields, DecoderConfig& config);

/// What YaRN multiplies cosines and sines by where no file says it: 0.1 ln(factor) + 1, or a ratio
/// of two such numbers where both `mscale` are given (transformers' _compute_yarn_parameters).
double yarn_attention_factor(double factor, double mscale = 0.0, double mscale_all_dim = 0.0);

/// A text may be as long as YaRN's factor says: Qwen's cards tell people to add it and to leave
/// max_position_embeddings, which are then the trained ones.
void extend_positions(DecoderConfig& config);

}  // namespace austeer
