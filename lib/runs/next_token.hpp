#pragma once
// The distribution of the token that follows a prompt under a plan, and how far two are apart.

#include <ATen/ATen.h>
#include <string>

#include "engine/engine.hpp"
#include "plans/plan.hpp"

namespace austeer {

/// Log-probabilities of the token that follows `prompt`, steered by `plan` (one without edits does
/// nothing): float64 [V] on the CPU, of the model's logits in its dtype. `steering` says what the
/// plan is and `hint` what to try, in the ComputeError for logits that are not finite. Throws
/// UsageError for a plan that is not the model's and a prompt that the engine refuses.
at::Tensor next_token(const Engine& engine, const Tokens& prompt, const Plan& plan,
                      const std::string& steering, const std::string& hint);

/// KL(P || Q) in nats of log-probabilities, along the last dimension: [..., V] to [...].
at::Tensor kl_divergence(const at::Tensor& p, const at::Tensor& q);

}  // namespace austeer
