// Exponential and hyperbolic tangent of eight numbers: within some units in the last place of those
// in float64, over all their range, and right beyond it.

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "kernels/avx2.hpp"
#include "kernels/row_product.hpp"

#if defined(__x86_64__)

namespace austeer {
namespace {

AUSTEER_AVX2 float exp_of_one(float x) { return _mm256_cvtss_f32(exp_of(_mm256_set1_ps(x))); }
AUSTEER_AVX2 float tanh_of_one(float x) { return _mm256_cvtss_f32(tanh_of(_mm256_set1_ps(x))); }

/// The distance of `found` from `exact` in units of the last place of float32.
double units(float found, double exact) {
  const auto rounded = static_cast<float>(exact);
  const float unit =
      std::nextafter(std::abs(rounded), std::numeric_limits<float>::infinity()) - std::abs(rounded);
  return std::abs(found - exact) / unit;
}

TEST(Avx2Functions, AreWithinSomeUnitsInTheLastPlace) {
  if (!multiplies_rows()) GTEST_SKIP() << "this processor has no AVX2";
  for (double x = -86.9; x < 88.7; x += 0.00107) {
    const auto value = static_cast<float>(x);
    ASSERT_LE(units(exp_of_one(value), std::exp(static_cast<double>(value))), 1.5) << value;
  }
  for (double x = 1e-6; x < 12; x *= 1.0001) {
    const auto value = static_cast<float>(x);
    const double exact = std::tanh(static_cast<double>(value));
    ASSERT_LE(units(tanh_of_one(value), exact), 2.5) << value;
    ASSERT_EQ(tanh_of_one(-value), -tanh_of_one(value));
  }
}

TEST(Avx2Functions, AreRightAtTheEnds) {
  if (!multiplies_rows()) GTEST_SKIP() << "this processor has no AVX2";
  constexpr float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(exp_of_one(0), 1);
  for (const float x : {-87.0F, -104.0F, -1e4F, -1e30F, -infinity}) EXPECT_EQ(exp_of_one(x), 0);
  for (const float x : {88.8F, 100.0F, 1e30F, infinity}) EXPECT_EQ(exp_of_one(x), infinity);
  EXPECT_TRUE(std::isnan(exp_of_one(std::nanf(""))));
  for (const float x : {20.0F, 50.0F, 1e30F, infinity}) {
    EXPECT_EQ(tanh_of_one(x), 1);
    EXPECT_EQ(tanh_of_one(-x), -1);
  }
  EXPECT_EQ(tanh_of_one(0), 0);
  EXPECT_TRUE(std::isnan(tanh_of_one(std::nanf(""))));
}

TEST(Avx2Functions, ChooseTheFirstLanes) {
  if (!multiplies_rows()) GTEST_SKIP() << "this processor has no AVX2";
  const auto masked = [](std::int64_t count)
                          AUSTEER_AVX2 { return _mm256_movemask_ps(first_lanes(count)); };
  for (int count = 0; count <= 8; ++count) EXPECT_EQ(masked(count), (1 << count) - 1);
}

}  // namespace
}  // namespace austeer

#endif
