// Attention of one new token: equal to softmax(scale · q K^T) V in float64, for every grouping of
// heads, width and number of tokens, and by both implementations.

#include "models/token_attention.hpp"

#include <ATen/ATen.h>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <string>

namespace austeer {
namespace {

constexpr std::int64_t capacity = 80;  // tokens that the memory has room for

struct Case {
  std::int64_t heads;
  std::int64_t kv_heads;
  std::int64_t dim;
  std::int64_t tokens;
};

void expect_attention(const Case& c, double magnitude,
                      void (*attend)(const TokenAttention& attention)) {
  const at::Tensor queries = at::randn({c.heads, c.dim}) * magnitude;
  const at::Tensor keys = at::randn({c.kv_heads, capacity, c.dim});
  const at::Tensor values = at::randn({c.kv_heads, capacity, c.dim});
  // What stands beyond the tokens must not be read.
  keys.narrow(1, c.tokens, capacity - c.tokens).fill_(std::nanf(""));
  values.narrow(1, c.tokens, capacity - c.tokens).fill_(std::nanf(""));
  const double scale = 1 / std::sqrt(static_cast<double>(c.dim));
  at::Tensor out = at::full({c.heads, c.dim}, 7.0F);
  attend({queries.const_data_ptr<float>(), keys.const_data_ptr<float>(),
          values.const_data_ptr<float>(), out.data_ptr<float>(), c.heads, c.kv_heads, c.dim,
          c.tokens, keys.stride(0), static_cast<float>(scale)});

  const at::Tensor grouped = queries.to(at::kDouble).view({c.kv_heads, -1, c.dim});
  const at::Tensor seen_keys = keys.narrow(1, 0, c.tokens).to(at::kDouble);
  const at::Tensor seen_values = values.narrow(1, 0, c.tokens).to(at::kDouble);
  const at::Tensor scores = at::matmul(grouped, seen_keys.transpose(1, 2)) * scale;
  const at::Tensor exact = at::matmul(at::softmax(scores, -1), seen_values).view({c.heads, c.dim});
  // A weight inherits its score's error, which grows with the terms of the product; the sum over
  // tokens adds its own.
  const at::Tensor terms =
      at::matmul(grouped.abs(), seen_keys.abs().transpose(1, 2)).amax() * scale;
  const double tolerance =
      std::numeric_limits<float>::epsilon() * seen_values.abs().max().item<double>() *
      (2 * terms.item<double>() + std::sqrt(static_cast<double>(c.tokens)) + 4);
  EXPECT_LE((out.to(at::kDouble) - exact).abs().max().item<double>(), tolerance)
      << c.heads << " heads, " << c.kv_heads << " of keys, " << c.dim << " wide, " << c.tokens
      << " tokens, magnitude " << magnitude;
}

TEST(TokenAttention, IsTheWeightedMeanOfTheValues) {
  at::manual_seed(1);
  for (const auto& [heads, kv_heads] : {std::pair{1, 1}, {4, 4}, {9, 3}, {8, 1}}) {
    for (const std::int64_t dim : {4, 8, 20, 64, 100}) {
      for (const std::int64_t tokens : {1, 2, 7, 79}) {
        for (const double magnitude : {1.0, 30.0}) {
          expect_attention({heads, kv_heads, dim, tokens}, magnitude, attend_token);
          expect_attention({heads, kv_heads, dim, tokens}, magnitude, attend_token_plainly);
        }
      }
    }
  }
}

}  // namespace
}  // namespace austeer
