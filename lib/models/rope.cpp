#include "models/rope.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "models/float_rows.hpp"
#include "models/row_kernels.hpp"

namespace austeer {
namespace {

/// Llama 3's scaling of one frequency: wavelengths beyond the original context are stretched by
/// the factor, short ones kept, those between blended.
double llama3_frequency(double frequency, const RopeConfig& rope) {
  const double wavelength = 2 * std::numbers::pi / frequency;
  const auto context = static_cast<double>(rope.original_positions);
  if (wavelength < context / rope.high_freq_factor) return frequency;
  if (wavelength > context / rope.low_freq_factor) return frequency / rope.factor;
  const double smooth = (context / wavelength - rope.low_freq_factor) /
                        (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

/// YaRN's share of a pair's own frequency: 1 below the pair that turns beta_fast times in the
/// original positions, 0 above the one that turns beta_slow times, a ramp between.
class YarnRamp {
 public:
  YarnRamp(const RopeConfig& rope, std::int64_t head_dim) {
    const auto pair_that_turns = [&](double times) {
      const auto positions = static_cast<double>(rope.original_positions);
      return static_cast<double>(head_dim) * std::log(positions / (times * 2 * std::numbers::pi)) /
             (2 * std::log(rope.theta));
    };
    low_ = pair_that_turns(rope.beta_fast);
    high_ = pair_that_turns(rope.beta_slow);
    if (rope.whole_pairs) {
      low_ = std::floor(low_);
      high_ = std::ceil(high_);
    }
    low_ = std::max(low_, 0.0);
    high_ = std::min(high_, static_cast<double>(head_dim - 1));
    if (low_ == high_) high_ += 0.001;
  }

  double kept(std::int64_t pair) const {
    return 1 - std::clamp((static_cast<double>(pair) - low_) / (high_ - low_), 0.0, 1.0);
  }

 private:
  double low_;
  double high_;
};

template <typename Number>
at::Tensor turned_in_place(const at::Tensor& x, const RopeTable& table) {
  rotate_rows(x.data_ptr<Number>(), table.cos.const_data_ptr<float>(),
              table.sin.const_data_ptr<float>(), x.size(0), x.size(1), x.size(2));
  return x;
}

}  // namespace

at::Tensor rope_frequencies(const RopeConfig& rope, std::int64_t head_dim) {
  // In float32, as transformers takes the powers: hundreds of positions on, a rounding of the angle
  // per position shows.
  const at::Tensor exponents = at::arange(0, head_dim, 2, at::kLong).to(at::kFloat).div(head_dim);
  at::Tensor frequencies = at::pow(rope.theta, exponents).reciprocal();
  auto values = frequencies.accessor<float, 1>();
  const YarnRamp ramp(rope, head_dim);
  for (std::int64_t i = 0; i < head_dim / 2; ++i) {
    double frequency = values[i];
    if (rope.type == "linear") frequency /= rope.factor;
    if (rope.type == "llama3") frequency = llama3_frequency(frequency, rope);
    if (rope.type == "yarn") {
      const double kept = ramp.kept(i);
      frequency = frequency * kept + frequency / rope.factor * (1 - kept);
    }
    if (!rope.divisors.empty()) frequency /= rope.divisors[static_cast<std::size_t>(i)];
    values[i] = static_cast<float>(frequency);
  }
  return frequencies;
}

RopeTable RopeTable::select(const at::Tensor& index) const {
  return {cos.index_select(0, index), sin.index_select(0, index)};
}

RopeTable rope_table(const at::Tensor& frequencies, const at::Tensor& positions, double factor) {
  const at::Tensor angles = positions.to(at::kFloat).unsqueeze(1) * frequencies.unsqueeze(0);
  RopeTable table{at::cos(angles).unsqueeze(1), at::sin(angles).unsqueeze(1)};
  if (factor != 1.0) {
    table.cos.mul_(factor);
    table.sin.mul_(factor);
  }
  return table;
}

at::Tensor apply_rope(const at::Tensor& x, const RopeTable& table) {
  if (is_float_rows(table.cos) && is_float_rows(table.sin)) {
    if (is_rows_of(at::kFloat, x)) return turned_in_place<float>(x, table);
    if (is_rows_of(at::kBFloat16, x)) return turned_in_place<c10::BFloat16>(x, table);
  }
  const std::int64_t half = x.size(-1) / 2;
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor first = wide.narrow(-1, 0, half);
  const at::Tensor second = wide.narrow(-1, half, half);
  at::Tensor turned = at::empty_like(wide);
  turned.narrow(-1, 0, half).copy_(first * table.cos).sub_(second * table.sin);
  turned.narrow(-1, half, half).copy_(second * table.cos).add_(first * table.sin);
  return turned.to(x.scalar_type());
}

}  // namespace austeer
