#pragma once
// Probes of single units: the tokens that they promote, and how far they move the next one.

#include <ATen/ATen.h>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "models/decoder.hpp"
#include "models/load.hpp"
#include "plans/plan.hpp"
#include "plans/units.hpp"

namespace austeer {

// The distribution of the token that follows a prompt under a plan, and how far two are apart.

/// Log-probabilities of the token that follows `prompt`, steered by `plan` (one without edits does
/// nothing): float64 [V] on the CPU, of the model's logits in its dtype. `steering` says what the
/// plan is and `hint` what to try, in the ComputeError for logits that are not finite. Throws
/// UsageError for a plan that is not the model's and a prompt that the engine refuses.
at::Tensor next_token(const Engine& engine, const Tokens& prompt, const Plan& plan,
                      const std::string& steering, const std::string& hint);

/// KL(P || Q) in nats of log-probabilities, along the last dimension: [..., V] to [...].
at::Tensor kl_divergence(const at::Tensor& p, const at::Tensor& q);

// The units that a probe looks at, which are named in full: a probe has no ranking that could say
// which site is meant.

/// Throws UsageError unless there is at least one unit, and each names its site and is one of
/// `model`.
void check_probed_units(std::span<const UnitName> units, const Decoder& model);

// Which tokens a unit promotes and which it demotes (paper, Figure 4): the direction that it writes
// into the residual stream, read through the unembedding as if nothing followed.

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

/// {"model": its name, "units": [to_json()]}
Json answer_json(const std::string& model, std::span<const PromotedTokens> units);

// How far apart next-token distributions are when one unit is steered more or less, and when
// another unit is steered as much (paper, Figure 3).

/// Those of the paper's figure.
inline const std::vector<double> figure_strengths = {10, 100, 1e3, 1e4, 1e5};

struct DivergencePoint {
  double strength = 0;
  double divergence = 0;  ///< mean over the prompts, in nats
};

/// KL(P || Q): P with the unit at the point's strength, Q with it at the largest one. The largest
/// one's own point is 0.
struct UnitDivergence {
  UnitName unit;
  std::vector<DivergencePoint> points;
};

/// KL(P || Q): P with the first unit, Q with the second one, both at the point's strength.
struct PairDivergence {
  UnitName first;
  UnitName second;
  std::vector<DivergencePoint> points;
};

struct DivergenceReport {
  std::int64_t prompts = 0;
  double largest = 0;                 ///< strength
  std::vector<UnitDivergence> units;  ///< in the order in which they were named
  std::vector<PairDivergence> pairs;  ///< each unit with each later one
};

/// Steers one unit at a time, x <- x(1 + strength) at every token of the prompt (the operation
/// `scale`), and compares the distributions of the token that follows. The logits are the model's,
/// in its dtype; softmax and divergences are computed in float64. Points come in the order of
/// `strengths`. Throws UsageError where there are no units, strengths or prompts, for a unit that
/// is not the model's, a strength that is not finite, and prompts that the engine refuses;
/// ComputeError for logits that are not finite, as large strengths make them in float16.
DivergenceReport unit_divergence(std::span<const UnitName> units, std::span<const double> strengths,
                                 std::span<const std::string> prompts, const Model& model);

/// {"prompts", "largest_strength", "units": [{"unit", "points": [{"strength", "divergence"}]}],
/// "pairs": [{"first", "second", "points"}]}
Json to_json(const DivergenceReport& report);

/// The same, with the model's name.
Json answer_json(const std::string& model, const DivergenceReport& report);

}  // namespace austeer
