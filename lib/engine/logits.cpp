#include "engine/logits.hpp"

#include <algorithm>
#include <cstdint>

#include "base/error.hpp"

namespace austeer {
namespace {

constexpr std::int64_t rows_of_logits = 64;

/// Calls `visit` with the first row and the logits of each few rows of `hidden`.
template <typename Visit>
void for_each_logits(const Decoder& model, const at::Tensor& hidden, const Visit& visit) {
  for (std::int64_t row = 0; row < hidden.size(0); row += rows_of_logits) {
    const std::int64_t rows = std::min(rows_of_logits, hidden.size(0) - row);
    visit(row, model.logits(hidden.narrow(0, row, rows)));
  }
}

void check_finite(const at::Tensor& values) {
  if (at::isfinite(values).all().item<bool>()) return;
  throw ComputeError("engine", "the logits are NaN or infinite",
                     "Lower --alpha, or use --dtype float32");
}

}  // namespace

std::vector<TokenId> best_tokens(const Decoder& model, const at::Tensor& hidden) {
  std::vector<TokenId> tokens;
  for_each_logits(model, hidden, [&](std::int64_t, const at::Tensor& logits) {
    const auto [largest, index] = logits.max(-1);
    check_finite(largest);
    const at::Tensor best = index.to(at::kInt).cpu().contiguous();
    const auto* const first = best.const_data_ptr<TokenId>();
    tokens.insert(tokens.end(), first, first + best.numel());
  });
  return tokens;
}

at::Tensor log_probabilities_of(const Decoder& model, const at::Tensor& hidden,
                                const at::Tensor& tokens) {
  const at::Tensor wanted = tokens.to(hidden.device()).unsqueeze(-1);
  std::vector<at::Tensor> parts;
  for_each_logits(model, hidden, [&](std::int64_t row, const at::Tensor& logits) {
    parts.push_back(
        logits.gather(-1, wanted.narrow(0, row, logits.size(0))).squeeze(-1).to(at::kDouble) -
        logits.logsumexp(-1).to(at::kDouble));
  });
  const at::Tensor values = at::cat(parts).cpu();
  check_finite(values);
  return values;
}

}  // namespace austeer
