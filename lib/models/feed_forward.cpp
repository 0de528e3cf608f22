#include "models/feed_forward.hpp"

#include <fmt/format.h>

#include "models/float_rows.hpp"
#include "kernels/row_kernels.hpp"

namespace austeer {
namespace {

void activate(Activation activation, at::Tensor& x) {
  switch (activation) {
    case Activation::silu:
      at::silu_(x);
      return;
    case Activation::gelu_tanh:
      at::gelu_(x, "tanh");
      return;
  }
}

}  // namespace

at::Tensor FeedForward::operator()(const at::Tensor& x,
                                   const std::function<void(at::Tensor&)>& at_gate) const {
  at::Tensor gated = gate(x);
  if (!at_gate && activation == Activation::silu && is_float_rows(gated)) {
    const at::Tensor factor = up(x).contiguous();
    multiply_silu(gated.data_ptr<float>(), factor.const_data_ptr<float>(), gated.numel());
    return down(gated);
  }
  activate(activation, gated);
  if (at_gate) at_gate(gated);
  return down(gated.mul_(up(x)));
}

at::Tensor Experts::operator()(const at::Tensor& x) const {
  auto [shares, chosen] = at::softmax(router(x), -1, at::kFloat).topk(per_token);  // [rows, k]
  if (normalised) shares.div_(shares.sum(-1, true));
  shares = shares.to(x.scalar_type()).flatten();

  // Sorted by expert, the (row, expert) choices of one expert stand together.
  const auto [experts_of, order] = chosen.flatten().sort(/*stable=*/true, 0, false);
  const at::Tensor rows = order.floor_divide(per_token);
  const at::Tensor counts = at::bincount(experts_of, {}, static_cast<std::int64_t>(experts.size()));
  const at::Tensor host_counts = counts.cpu();
  const auto count_of = host_counts.accessor<std::int64_t, 1>();

  at::Tensor sum = at::zeros_like(x);
  std::int64_t first = 0;
  for (std::size_t e = 0; e < experts.size(); ++e) {
    const std::int64_t count = count_of[static_cast<std::int64_t>(e)];
    if (count == 0) continue;
    const at::Tensor own_rows = rows.narrow(0, first, count);
    const at::Tensor share = shares.index_select(0, order.narrow(0, first, count)).unsqueeze(1);
    sum.index_add_(0, own_rows, experts[e](x.index_select(0, own_rows)) * share);
    first += count;
  }
  return sum;
}

FeedForward load_feed_forward(const DecoderConfig& config, std::int64_t ffn_width,
                              const Weights& weights, const std::string& name) {
  const std::int64_t width = config.width;
  return {weights.linear(name + ".gate_proj", ffn_width, width, config.ffn_bias),
          weights.linear(name + ".up_proj", ffn_width, width, config.ffn_bias),
          weights.linear(name + ".down_proj", width, ffn_width, config.ffn_bias),
          config.activation};
}

Experts load_experts(const DecoderConfig& config, const Weights& weights, const std::string& name) {
  const ExpertsConfig& sizes = *config.experts;
  Experts result;
  result.router = weights.linear(name + ".gate", sizes.count, config.width, false);
  for (std::int64_t e = 0; e < sizes.count; ++e) {
    result.experts.push_back(
        load_feed_forward(config, sizes.ffn_width, weights, fmt::format("{}.experts.{}", name, e)));
  }
  result.per_token = sizes.per_token;
  result.normalised = sizes.normalised;
  return result;
}

}  // namespace austeer
