#include "runs/next_token.hpp"

#include "base/error.hpp"
#include "engine/plan_tap.hpp"

namespace austeer {

at::Tensor next_token(const Engine& engine, const Tokens& prompt, const Plan& plan,
                      const std::string& steering, const std::string& hint) {
  PlanTap tap(plan, engine.model());
  const at::Tensor logits = engine.logits(prompt, &tap)[-1];
  if (!at::isfinite(logits).all().item<bool>()) {
    throw ComputeError("probe", steering + ": the logits are NaN or infinite", hint);
  }
  return logits.cpu().to(at::kDouble).log_softmax(-1);
}

at::Tensor kl_divergence(const at::Tensor& p, const at::Tensor& q) {
  return (p.exp() * (p - q)).sum(-1);
}

}  // namespace austeer
