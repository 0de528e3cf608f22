#include "models/rope.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "models/float_rows.hpp"
#include "kernels/row_kernels.hpp"

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

/// YaRN: the frequencies of pairs that turn often in the original positions are kept, those of
/// pairs that hardly turn are divided by the factor, those between blended along a ramp over the
/// pairs. `wavelengths`: positions per radian of each pair. In float32, step by step as
/// transformers has it, since hundreds of positions on a rounding shows.
at::Tensor yarn_frequencies(const at::Tensor& wavelengths, const RopeConfig& rope) {
  const std::int64_t pairs = wavelengths.size(0);
  const auto head_dim = static_cast<double>(2 * pairs);
  const auto pair_that_turns = [&](double times) {
    const double positions = static_cast<double>(rope.original_positions);
    return head_dim * std::log(positions / (times * 2 * std::numbers::pi)) /
           (2 * std::log(rope.theta));
  };
  // The bounds of the ramp, in pairs.
  double low = pair_that_turns(rope.beta_fast);
  double high = pair_that_turns(rope.beta_slow);
  if (rope.whole_pairs) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, head_dim - 1);
  if (low == high) high += 0.001;
  const at::Tensor ramp = at::arange(pairs, at::kFloat).sub(low).div(high - low).clamp(0, 1);
  const at::Tensor kept = 1 - ramp;
  return (rope.factor * wavelengths).reciprocal() * (1 - kept) + wavelengths.reciprocal() * kept;
}

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
  const at::Tensor wavelengths = at::pow(rope.theta, exponents);
  at::Tensor frequencies =
      rope.type == "yarn" ? yarn_frequencies(wavelengths, rope) : wavelengths.reciprocal();
  auto values = frequencies.accessor<float, 1>();
  for (std::int64_t i = 0; i < head_dim / 2; ++i) {
    double frequency = values[i];
    if (rope.type == "linear") frequency /= rope.factor;
    if (rope.type == "llama3") frequency = llama3_frequency(frequency, rope);
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
