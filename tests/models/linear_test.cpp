// Linear layers: products with the weight in x's dtype, taken in float32 and rounded once, whatever
// the weight is stored in and however many rows there are.

#include "models/linear.hpp"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>
#include <limits>

#include "kernels/row_product.hpp"
#include "reference.hpp"
#include "tensors/nf4.hpp"

namespace austeer {
namespace {

constexpr double float_epsilon = std::numeric_limits<float>::epsilon();

double epsilon_of(at::ScalarType dtype) {
  return dtype == at::kBFloat16 ? 0x1p-8 : dtype == at::kHalf ? 0x1p-11 : 0;
}

/// Half the distance of subnormal numbers.
double least_error_of(at::ScalarType dtype) { return dtype == at::kHalf ? 0x1p-25 : 0; }

/// Expects y to be the exact product of what x and the weight hold, but for one rounding to its
/// dtype (half a unit in the last place) and float32 sums, whose errors, relative to the sum of the
/// terms' magnitudes, grow like those of a random walk over `in` terms.
void expect_product(const at::Tensor& y, const at::Tensor& x, const at::Tensor& weight,
                    const at::Tensor& bias, const std::string& what) {
  const at::Tensor wide_x = x.to(at::kDouble);
  const at::Tensor wide_weight = weight.to(at::kDouble);
  at::Tensor exact = at::linear(wide_x, wide_weight);
  at::Tensor terms = at::linear(wide_x.abs(), wide_weight.abs());
  if (bias.defined()) {
    exact = exact + bias.to(at::kDouble);
    terms = terms + bias.to(at::kDouble).abs();
  }
  ASSERT_EQ(y.sizes(), exact.sizes()) << what;
  ASSERT_EQ(y.scalar_type(), x.scalar_type()) << what;
  const at::Tensor error = (y.to(at::kDouble) - exact).abs();
  const at::Tensor tolerance =
      exact.abs() * epsilon_of(y.scalar_type()) + least_error_of(y.scalar_type()) +
      terms * (float_epsilon * 2 * std::sqrt(static_cast<double>(x.size(1))));
  EXPECT_TRUE((error <= tolerance).all().item<bool>())
      << what << ": " << (error - tolerance).max().item<double>() << " too far";
}

/// A matrix that is packed in that it is kept in another dtype.
class NarrowMatrix final : public PackedMatrix {
 public:
  explicit NarrowMatrix(at::Tensor values) : values_(std::move(values)) {}
  std::int64_t rows() const override { return values_.size(0); }
  std::int64_t columns() const override { return values_.size(1); }
  void unpack(std::int64_t first, std::int64_t count, at::Tensor& out) const override {
    out.copy_(values_.narrow(0, first, count));
  }
  std::vector<at::Tensor> parts() const override { return {values_}; }
  std::shared_ptr<const PackedMatrix> with_parts(std::vector<at::Tensor> parts) const override {
    return std::make_shared<NarrowMatrix>(parts.at(0));
  }

 private:
  at::Tensor values_;
};

constexpr at::ScalarType dtypes[] = {at::kFloat, at::kBFloat16, at::kHalf};

TEST(Linear, IsTheRoundedFloat32ProductForEveryDtypeAndNumberOfRows) {
  at::manual_seed(1);
  for (const at::ScalarType dtype : dtypes) {
    for (const at::ScalarType stored : dtypes) {
      for (const std::int64_t rows : {0, 1, 2, 3, 7, 50, 127, 128, 200}) {
        const at::Tensor x = at::randn({rows, 93}).to(dtype);
        const at::Tensor weight = at::randn({130, 93}).to(stored);
        const at::Tensor bias = rows % 2 == 0 ? at::Tensor() : at::randn({130}).to(dtype);
        const std::string what = std::string(at::toString(dtype)) + " times " +
                                 at::toString(stored) + ", " + std::to_string(rows) + " rows";
        const at::Tensor rounded = weight.to(dtype);
        expect_product(Linear{weight, bias}(x), x, rounded, bias, what);
        const auto packed = std::make_shared<NarrowMatrix>(weight);
        expect_product(Linear{{}, bias, packed}(x), x, rounded, bias, "packed, " + what);
      }
    }
  }
}

/// bitsandbytes' own weights in the dtype of x, whichever dtype was quantised: of
/// "many_nested_blocks" it was float32, of "nested" bfloat16, of "blocks_over_rows" float16.
TEST(Linear, MultipliesNf4WeightsAsBitsandbytesRoundsThemForEveryNumberOfRows) {
  at::manual_seed(6);
  const SafetensorsFile expected = testing::reference_file("nf4/expected.safetensors");
  const auto checkpoint = open_safetensors_checkpoint(expected.path().parent_path());
  for (const std::string name : {"many_nested_blocks", "nested", "blocks_over_rows"}) {
    const Linear linear{{}, {}, load_nf4(*checkpoint, name)};
    for (const auto& [suffix, dtype] : {std::pair{".float32", at::kFloat},
                                        {".bfloat16", at::kBFloat16},
                                        {".float16", at::kHalf}}) {
      const at::Tensor weight = expected.tensor(name + suffix);
      const at::Tensor x = at::randn({128, weight.size(1)}).to(dtype);
      for (const std::int64_t rows : {1, 127, 128}) {
        const at::Tensor some = x.narrow(0, 0, rows);
        expect_product(linear(some), some, weight, {},
                       name + suffix + ", " + std::to_string(rows) + " rows");
      }
    }
  }
}

TEST(Linear, ManyBlocksOfRowsAndLongRows) {
  at::manual_seed(2);
  for (const std::int64_t rows : {2, 130}) {
    const at::Tensor x = at::randn({rows, 5000}).to(at::kBFloat16);
    const at::Tensor weight = at::randn({1001, 5000}).to(at::kBFloat16);
    const c10::InferenceMode guard;  // as engines run
    expect_product(Linear{weight, {}}(x), x, weight, {}, std::to_string(rows) + " rows");
  }
}

TEST(Linear, WeightsAndRowsThatAreNotContiguous) {
  at::manual_seed(3);
  for (const at::ScalarType dtype : dtypes) {
    const at::Tensor x = at::randn({40, 9}).to(dtype).t();        // [9, 40]
    const at::Tensor weight = at::randn({40, 30}).to(dtype).t();  // [30, 40]
    expect_product(Linear{weight, {}}(x), x, weight, {}, at::toString(dtype));
  }
}

/// Holds the product of 1 to 8 rows with a weight of `Weight` against the plain one.
template <typename Weight>
void expect_plain_product(std::int64_t out, std::int64_t in) {
  for (const std::int64_t rows : {1, 2, 3, 4, 8}) {
    const at::Tensor x = at::randn({rows, in});
    const at::Tensor weight = at::randn({out, in}).to(c10::CppTypeToScalarType<Weight>::value);
    at::Tensor fast = at::full({rows, out + 2}, 5.0F);
    at::Tensor plain = fast.clone();
    RowProduct<Weight> product{
        x.const_data_ptr<float>(), rows,   weight.const_data_ptr<Weight>(), out, in,
        fast.data_ptr<float>(),    out + 2};
    multiply_rows(product);
    product.y = plain.data_ptr<float>();
    multiply_rows_plainly(product);
    const at::Tensor terms = at::linear(x.abs(), weight.to(at::kFloat).abs());
    const at::Tensor tolerance = terms * (float_epsilon * 2 * std::sqrt(in));
    EXPECT_TRUE(((fast - plain).abs().narrow(1, 0, out) <= tolerance).all().item<bool>())
        << rows << " x " << in << " x " << out << ", " << weight.dtype();
    EXPECT_TRUE((fast.narrow(1, out, 2) == 5).all().item<bool>()) << "written beside y";

    const at::Tensor wide = weight.to(at::kFloat);
    multiply_rows(RowProduct<float>{x.const_data_ptr<float>(), rows, wide.const_data_ptr<float>(),
                                    out, in, product.y, out + 2});
    EXPECT_TRUE(at::equal(fast, plain)) << "the same weights in float32, to the bit";
  }
}

TEST(RowProduct, EqualsThePlainOne) {
  if (!multiplies_rows()) GTEST_SKIP() << "this processor has no AVX2";
  at::manual_seed(4);
  for (const std::int64_t in : {1, 7, 8, 9, 1023, 1024, 1025, 3000}) {
    for (const std::int64_t out : {1, 3, 4, 9}) {
      expect_plain_product<float>(out, in);
      expect_plain_product<c10::BFloat16>(out, in);
      expect_plain_product<c10::Half>(out, in);
    }
  }
}

/// Wide weights, whose blocks are widened for many rows and read as they are for few.
TEST(RowProduct, ARowDependsNeitherOnTheOthersNorOnWhereWeightsAreWidened) {
  if (!multiplies_rows()) GTEST_SKIP() << "this processor has no AVX2";
  at::manual_seed(5);
  for (const at::ScalarType dtype : dtypes) {
    const Linear linear{at::randn({137, 1500}).to(dtype), {}};
    for (const at::Tensor& x : {at::randn({20, 1500}).to(dtype), at::randn({20, 1500})}) {
      const at::Tensor together = linear(x);
      for (std::int64_t row = 0; row < x.size(0); ++row) {
        EXPECT_TRUE(linear(x.narrow(0, row, 1)).equal(together.narrow(0, row, 1)))
            << row << ", " << x.dtype() << " times " << dtype;
      }
    }
  }
}

TEST(RowProduct, WideningIsExact) {
  if (!multiplies_rows()) GTEST_SKIP() << "this processor has no AVX2";
  const at::Tensor bits = at::arange(65536 + 5, at::kInt).to(at::kShort);  // every number, and more
  at::Tensor out = at::empty({bits.numel()});
  const auto same = [&](at::ScalarType dtype) {
    const at::Tensor wanted = bits.view(dtype).to(at::kFloat);
    return ((out == wanted) | (out.isnan() & wanted.isnan())).all().item<bool>();
  };
  widen(bits.view(at::kBFloat16).const_data_ptr<c10::BFloat16>(), bits.numel(),
        out.data_ptr<float>());
  EXPECT_TRUE(same(at::kBFloat16));
  widen(bits.view(at::kHalf).const_data_ptr<c10::Half>(), bits.numel(), out.data_ptr<float>());
  EXPECT_TRUE(same(at::kHalf));
}

TEST(RowProduct, RoundingIsToNearestEven) {
  if (!multiplies_rows()) GTEST_SKIP() << "this processor has no AVX2";
  // Every sign, exponent and upper part of a fraction, and below it: nothing, just under half a
  // unit of either dtype, half, just over. Some more, so that the last ones fill no register.
  const at::Tensor upper = at::arange(1 << 19, at::kInt).bitwise_left_shift(13);
  for (const int lower : {0, 1, 0xfff, 0x1000, 0x1001, 0x1fff}) {
    const at::Tensor bits = at::cat({upper, upper.narrow(0, 0, 5)}).bitwise_or(lower);
    const at::Tensor values = bits.view(at::kFloat);
    const auto check = [&](at::ScalarType dtype, void (*round)(float*, std::int64_t)) {
      at::Tensor found = values.clone();
      round(found.data_ptr<float>(), found.numel());
      const at::Tensor wanted = values.to(dtype).to(at::kFloat);
      const at::Tensor same = found.view(at::kInt) == wanted.view(at::kInt);
      EXPECT_TRUE((same | (found.isnan() & wanted.isnan())).all().item<bool>())
          << at::toString(dtype) << ", " << lower;
    };
    check(at::kBFloat16, round_to_bfloat16);
    check(at::kHalf, round_to_half);
  }
}

}  // namespace
}  // namespace austeer
