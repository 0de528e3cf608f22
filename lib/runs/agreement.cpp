#include "runs/agreement.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "runs/next_token.hpp"

namespace austeer {

Agreement agreement(std::span<const at::Tensor> first, std::span<const at::Tensor> second) {
  if (first.empty() || first.size() != second.size()) {
    throw UsageError("agreement", "both runs need the same texts, at least one");
  }
  Agreement result{static_cast<std::int64_t>(first.size()), 0, 0, 0, 0};
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].sizes() != second[i].sizes()) {
      throw UsageError("agreement", "the two models have other vocabularies, or tokens");
    }
    const at::Tensor p = first[i].cpu().to(at::kDouble), q = second[i].cpu().to(at::kDouble);
    const double difference = (p - q).abs().max().item<double>();
    if (!std::isfinite(difference)) {
      throw ComputeError("agreement", "logits are NaN or infinite",
                         "Weaken the plan, or use --dtype float32");
    }
    result.tokens += p.size(0);
    result.largest_difference = std::max(result.largest_difference, difference);
    result.same_next_token += (p.argmax(-1) == q.argmax(-1)).sum().item<double>();
    result.mean_divergence +=
        kl_divergence(p.log_softmax(-1), q.log_softmax(-1)).sum().item<double>();
  }
  result.same_next_token /= static_cast<double>(result.tokens);
  result.mean_divergence /= static_cast<double>(result.tokens);
  return result;
}

Json to_json(const Agreement& agreement) {
  return {{"texts", agreement.texts},
          {"tokens", agreement.tokens},
          {"largest_difference", agreement.largest_difference},
          {"same_next_token", agreement.same_next_token},
          {"mean_divergence", agreement.mean_divergence}};
}

}  // namespace austeer
