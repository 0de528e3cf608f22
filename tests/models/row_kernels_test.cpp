// What is done to rows in one pass: equal to the chains of tensor operations that it stands for.

#include "kernels/row_kernels.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "models/decoder_layer.hpp"
#include "models/rope.hpp"

namespace austeer {
namespace {

constexpr double row_epsilon = std::numeric_limits<float>::epsilon();

// The last ones are large enough for several threads.
constexpr std::pair<std::int64_t, std::int64_t> row_shapes[] = {
    {1, 1}, {1, 7}, {3, 8}, {5, 100}, {2, 576}, {300, 576}, {1000, 333}};

TEST(RowKernels, NormIsThatOfTensors) {
  at::manual_seed(1);
  for (const auto& [rows, width] : row_shapes) {
    for (const double epsilon : {1e-6, 0.5}) {
      const at::Tensor x = at::randn({rows, width}) * 3;
      const at::Tensor weight = at::randn({width});
      at::Tensor out = at::full_like(x, std::nan(""));
      norm_rows(x.const_data_ptr<float>(), weight.const_data_ptr<float>(), rows, width,
                static_cast<float>(epsilon), out.data_ptr<float>());
      const at::Tensor wide = x.to(at::kDouble);
      const at::Tensor exact =
          wide / (wide.square().mean(-1, true) + epsilon).sqrt() * weight.to(at::kDouble);
      // The sum of squares errs by less than its terms' number of roundings, its root by half that.
      const double relative = row_epsilon * (0.25 * static_cast<double>(width) + 4);
      const at::Tensor error = (out.to(at::kDouble) - exact).abs() - exact.abs() * relative;
      EXPECT_LE(error.max().item<double>(), 0) << rows << " rows, " << width << " wide";
    }
  }
}

/// bfloat16 numbers lie 2^-7 of themselves apart at most; the chain may round a quotient the other
/// way where its sum of squares errs in float32, which the product then carries on.
TEST(RowKernels, NormOfBfloat16IsThatOfTensors) {
  at::manual_seed(6);
  for (const auto& [rows, width] : row_shapes) {
    const at::Tensor x = (at::randn({rows, width}) * 3).to(at::kBFloat16);
    const at::Tensor weight = at::randn({width}).to(at::kBFloat16);
    at::Tensor out = at::full_like(x, std::nan(""));
    norm_rows(x.const_data_ptr<c10::BFloat16>(), weight.const_data_ptr<c10::BFloat16>(), rows,
              width, 1e-6F, out.data_ptr<c10::BFloat16>());
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor scale = at::rsqrt(wide.square().mean(-1, true).add(1e-6));
    const at::Tensor chain = (wide * scale).to(at::kBFloat16) * weight;
    const at::Tensor differs = out != chain;
    EXPECT_LE((out - chain).abs().sub(chain.abs() * 0x1p-6).max().item<double>(), 0);
    // Quotients that close to the middle of two numbers are rare.
    EXPECT_LE(differs.sum().item<std::int64_t>(), 1 + out.numel() / 1000) << rows << " x " << width;
  }
}

/// Turned as apply_rope does what no kernel takes: a chain of operations in float32, rounded once.
at::Tensor turned_by_tensors(const at::Tensor& x, const RopeTable& table) {
  const std::int64_t half = x.size(-1) / 2;
  const at::Tensor first = x.narrow(-1, 0, half).to(at::kFloat);
  const at::Tensor second = x.narrow(-1, half, half).to(at::kFloat);
  return at::cat({first * table.cos - second * table.sin, second * table.cos + first * table.sin},
                 -1)
      .to(x.scalar_type());
}

TEST(RowKernels, RotationIsThatOfTensorsToTheBit) {
  at::manual_seed(2);
  for (const std::int64_t rows : {1, 2, 70, 700}) {
    for (const auto& [heads, dim] :
         {std::pair<std::int64_t, std::int64_t>{1, 2}, {3, 20}, {9, 64}, {2, 256}}) {
      const RopeTable table =
          rope_table(rope_frequencies({}, dim), at::randint(0, 4000, {rows}, at::kLong));
      for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
        const at::Tensor x = at::randn({rows, heads, dim}).to(dtype);
        const at::Tensor exact = turned_by_tensors(x, table);
        if (rows > 1 && heads > 1) {  // not row after row, and so not turned in place
          const at::Tensor apart = x.transpose(0, 1).contiguous().transpose(0, 1);
          EXPECT_TRUE(at::equal(apply_rope(apart, table), exact));
        }
        EXPECT_TRUE(at::equal(apply_rope(x, table), exact))
            << rows << " rows, " << heads << " heads, " << dim << " wide, " << dtype;
      }
    }
  }
}

void expect_silu_product(void (*multiply)(float*, const float*, std::int64_t),
                         const at::Tensor& gate, const at::Tensor& up) {
  at::Tensor out = gate.clone();
  multiply(out.data_ptr<float>(), up.const_data_ptr<float>(), out.numel());
  const at::Tensor exact = at::silu(gate.to(at::kDouble)) * up.to(at::kDouble);
  // A few roundings; e^−x overflows where the product is next to nothing.
  const at::Tensor error =
      (out.to(at::kDouble) - exact).abs() - exact.abs() * (4 * row_epsilon) - 1e-35;
  EXPECT_LE(error.max().item<double>(), 0) << gate.numel() << " numbers";
}

TEST(RowKernels, SiluProductIsThatOfTensors) {
  at::manual_seed(3);
  for (const auto multiply : {multiply_silu, multiply_silu_plainly}) {
    for (const auto& [rows, width] : row_shapes) {
      for (const double size : {1.0, 20.0, 100.0}) {
        expect_silu_product(multiply, at::randn({rows, width}) * size, at::randn({rows, width}));
      }
    }
  }
}

TEST(RowKernels, DoNotDependOnTheNumberOfThreads) {
  at::manual_seed(4);
  const at::Tensor gate = at::randn({1001, 333});
  const at::Tensor up = at::randn({1001, 333});
  const int threads = at::get_num_threads();
  at::Tensor several = gate.clone();
  multiply_silu(several.data_ptr<float>(), up.const_data_ptr<float>(), gate.numel());
  at::set_num_threads(1);
  at::Tensor one = gate.clone();
  multiply_silu(one.data_ptr<float>(), up.const_data_ptr<float>(), gate.numel());
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(several, one));
}

TEST(RowKernels, FeedForwardIsTheSameWithAndWithoutSomebodyAtTheGate) {
  at::manual_seed(5);
  const FeedForward ffn{
      {at::randn({48, 32}), {}}, {at::randn({48, 32}), {}}, {at::randn({32, 48}), {}}};
  for (const std::int64_t rows : {1, 5, 100}) {
    const at::Tensor x = at::randn({rows, 32});
    bool called = false;
    const at::Tensor watched = ffn(x, [&](at::Tensor& gated) {
      EXPECT_EQ(gated.size(1), 48);
      called = true;
    });
    EXPECT_TRUE(called);
    const double tolerance = 60 * row_epsilon * watched.abs().max().item<double>();
    EXPECT_LE((ffn(x) - watched).abs().max().item<double>(), tolerance);
  }
}

}  // namespace
}  // namespace austeer
