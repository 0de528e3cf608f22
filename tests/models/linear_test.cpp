// Half-precision products on CPUs that have no instructions for them are taken in float32: never
// less exact than libtorch's own.

#include "models/linear.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace austeer {
namespace {

TEST(Linear, HalfPrecisionIsTheRoundedFloat32Product) {
  at::manual_seed(1);
  for (const at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
    for (const std::int64_t rows : {1, 7, 8, 50}) {
      const at::Tensor x = at::randn({rows, 64}).to(dtype);
      const Linear linear{at::randn({33, 64}).to(dtype), at::randn({33}).to(dtype)};
      const at::Tensor exact =
          at::linear(x.to(at::kDouble), linear.weight.to(at::kDouble), linear.bias.to(at::kDouble));
      const at::Tensor found = linear(x);
      ASSERT_EQ(found.scalar_type(), dtype);
      // One rounding to the dtype (half a unit in the last place), and float32 accumulation of 64
      // products of order one.
      const double epsilon = dtype == at::kBFloat16 ? 0x1p-8 : 0x1p-11;
      const at::Tensor tolerance =
          exact.abs() * epsilon + 64 * std::numeric_limits<float>::epsilon() * 8;
      EXPECT_TRUE(((found.to(at::kDouble) - exact).abs() <= tolerance).all().item<bool>())
          << at::toString(dtype) << ", " << rows << " rows";
    }
  }
}

}  // namespace
}  // namespace austeer
