#pragma once
// Which tokens a unit promotes and which it demotes (paper, Figure 4): the direction that it writes
// into the residual stream, read through the unembedding as if nothing followed.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "models/load.hpp"
#include "plans/unit_name.hpp"

namespace austeer {

struct ScoredToken {
  TokenId id = 0;
  double score = 0;
  std::string text;  ///< as it continues a text, with its space; "" for a special token
};

struct PromotedTokens {
  UnitName unit;
  std::vector<ScoredToken> promoted;  ///< by descending score, the lower id first among equals
  std::vector<ScoredToken> demoted;   ///< by ascending score, likewise
};

/// The `count` tokens of the highest and of the lowest scores, all where there are fewer. A score
/// is what an activation of 1 adds to the token's logit: W_U (g * d), with W_U the unembedding, g
/// the final norm's weight (in Gemma 1 + the stored one) and d [D] the unit's direction. That is
/// the logit lens without the norm's division by the root mean square, which depends on the text
/// and is the same for all tokens; an RMS norm does not centre, and neither does this. The soft cap
/// of Gemma's logits is left out, which keeps the order. Negative activations promote what is
/// demoted here.
///
/// The direction, for a matrix W that reads the site (y = W a: the paper's columns of W):
///   attention   column `dim` of o_proj
///   ffn_gate    column `dim` of down_proj; what the model writes along it is the activation times
///               up(x), whose sign depends on the text
///   ffn, layer  the residual dimension `dim` itself, since these units are dimensions of what a
///               block adds, or of the stream
/// In Gemma, where a norm follows the block, the directions of attention, ffn_gate and ffn are
/// multiplied by that norm's weight, as by the final one's.
///
/// Computed in float32 on the CPU, with the weights as the model multiplies with them. Rows of the
/// unembedding that the tokenizer has no token for are left out. Throws UsageError for a count
/// below 1, no unit, or one that is not the model's; ComputeError for weights that are not finite.
std::vector<PromotedTokens> promoted_tokens(std::span<const UnitName> units, std::int64_t count,
                                            const Model& model);

/// {"unit", "promoted": [{"id", "score", "text"}], "demoted": [...]}
Json to_json(const PromotedTokens& tokens);

}  // namespace austeer
