// Attention to keys and values in several runs: equal to masked softmax(scale · q K^T) V in float64
// for every grouping of heads, width, number of tokens and queries, window, soft cap and dtype, by
// both implementations; a query's result is the same to the bit however the tokens are cut into
// runs and the queries into blocks, whatever stands where it does not look.

#include "kernels/run_attention.hpp"

#include <ATen/ATen.h>
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace austeer {
namespace {

using Attend = void (*)(const RunAttention& attention, const AttentionBlock& block);

struct AttentionCase {
  std::int64_t heads;
  std::int64_t kv_heads;
  std::int64_t dim;
  std::int64_t tokens;
  std::int64_t count;
  std::int64_t window = 0;
  double softcap = 0;
  at::ScalarType dtype = at::kFloat;
  double magnitude = 1;  // of the queries

  double scale() const { return 1 / std::sqrt(static_cast<double>(dim)); }
};

std::string describe(const AttentionCase& c) {
  return std::to_string(c.heads) + " heads, " + std::to_string(c.kv_heads) + " of keys, " +
         std::to_string(c.dim) + " wide, " + std::to_string(c.count) + " of " +
         std::to_string(c.tokens) + " tokens, window " + std::to_string(c.window) + ", soft cap " +
         std::to_string(c.softcap) + ", " + c10::toString(c.dtype) + ", magnitude " +
         std::to_string(c.magnitude);
}

struct AttentionTensors {
  explicit AttentionTensors(const AttentionCase& c)
      : queries((at::randn({c.count, c.heads, c.dim}) * c.magnitude).to(c.dtype)),
        keys(at::randn({c.tokens, c.kv_heads, c.dim}).to(c.dtype)),
        values(at::randn({c.tokens, c.kv_heads, c.dim}).to(c.dtype)) {}

  at::Tensor queries;
  at::Tensor keys;
  at::Tensor values;
};

/// The part of `tokens` [tokens, ...] from `first` on, between NaN that must not be read.
at::Tensor between_nans(const at::Tensor& tokens, std::int64_t first, std::int64_t count) {
  at::Tensor padded =
      at::full({count + 10, tokens.size(1), tokens.size(2)}, std::nan(""), tokens.options());
  padded.narrow(0, 5, count).copy_(tokens.narrow(0, first, count));
  return padded.narrow(0, 5, count);
}

/// The attention of all queries, `block` at a time, to tokens in runs that end at `cuts` and at the
/// last token.
at::Tensor attention_by(Attend attend, const AttentionCase& c, const AttentionTensors& tensors,
                        std::vector<std::int64_t> cuts, std::int64_t block) {
  cuts.push_back(c.tokens);
  std::vector<at::Tensor> parts;
  std::vector<KeyRun> runs;
  std::int64_t first = 0;
  for (const std::int64_t cut : cuts) {
    const std::int64_t tokens = cut - first;
    parts.push_back(between_nans(tensors.keys, first, tokens));
    parts.push_back(between_nans(tensors.values, first, tokens));
    runs.push_back({parts.end()[-2].const_data_ptr(), parts.end()[-1].const_data_ptr(), tokens});
    first = cut;
  }
  at::Tensor out = at::full_like(tensors.queries, 7);
  const RunAttention attention{c.dtype,
                               tensors.queries.const_data_ptr(),
                               out.data_ptr(),
                               c.count,
                               runs,
                               c.heads,
                               c.kv_heads,
                               c.dim,
                               c.window,
                               static_cast<float>(c.scale()),
                               static_cast<float>(c.softcap)};
  for (std::int64_t head = 0; head < c.kv_heads; ++head) {
    for (std::int64_t query = 0; query < c.count; query += block) {
      attend(attention, {head, query, std::min(block, c.count - query)});
    }
  }
  return out;
}

struct ExactAttention {
  at::Tensor out;    // float64 [count, heads, dim]
  double tolerance;  // of each number
};

ExactAttention exact_attention(const AttentionCase& c, const AttentionTensors& tensors) {
  const at::Tensor queries = tensors.queries.to(at::kDouble).transpose(0, 1);  // [H, count, dim]
  const auto of_heads = [&](const at::Tensor& stored) {
    return stored.to(at::kDouble).transpose(0, 1).repeat_interleave(c.heads / c.kv_heads, 0);
  };
  const at::Tensor keys = of_heads(tensors.keys);  // [H, tokens, dim]
  const at::Tensor values = of_heads(tensors.values);
  at::Tensor scores = at::matmul(queries, keys.transpose(1, 2)) * c.scale();
  if (c.softcap > 0) scores = (scores / c.softcap).tanh() * c.softcap;
  const at::Tensor behind =
      at::arange(c.tokens - c.count, c.tokens).unsqueeze(1) - at::arange(c.tokens).unsqueeze(0);
  at::Tensor hidden = behind < 0;
  if (c.window > 0) hidden = hidden.logical_or(behind >= c.window);
  const at::Tensor weights =
      at::softmax(scores.masked_fill(hidden, -std::numeric_limits<double>::infinity()), -1);
  const at::Tensor out = at::matmul(weights, values).transpose(0, 1);
  // A weight inherits its score's error, which grows with the terms of the product, or with the
  // soft cap; the sum over tokens adds its own. The result is rounded once.
  const double terms =
      (at::matmul(queries.abs(), keys.abs().transpose(1, 2)).max() * c.scale()).item<double>();
  const double computed =
      std::numeric_limits<float>::epsilon() * values.abs().max().item<double>() *
      (2 * terms + 4 * c.softcap + std::sqrt(static_cast<double>(c.tokens)) + 4);
  const double rounding = c.dtype == at::kBFloat16 ? 0x1p-8 : c.dtype == at::kHalf ? 0x1p-11 : 0;
  return {out, computed + rounding * out.abs().max().item<double>()};
}

void expect_exact(const AttentionCase& c) {
  const AttentionTensors tensors(c);
  const ExactAttention exact = exact_attention(c, tensors);
  for (const Attend attend : {attend_runs, attend_runs_plainly}) {
    const at::Tensor out =
        attention_by(attend, c, tensors, {c.tokens / 3}, attention_block_queries);
    const at::Tensor error = (out.to(at::kDouble) - exact.out).abs();
    EXPECT_LE(error.max().item<double>(), exact.tolerance)
        << describe(c) << (attend == attend_runs ? ", fast" : ", plain") << ", number "
        << error.argmax().item<std::int64_t>();
  }
}

const std::vector<std::pair<std::int64_t, std::int64_t>> groupings = {
    {1, 1}, {4, 4}, {9, 3}, {8, 1}, {10, 2}};

TEST(RunAttention, IsTheWeightedMeanOfTheValuesSeen) {
  at::manual_seed(1);
  for (const auto& [heads, kv_heads] : groupings) {
    for (const std::int64_t dim : {4, 8, 20, 64, 100, 256}) {
      for (const auto& [tokens, count] : {std::pair<std::int64_t, std::int64_t>{1, 1},
                                          {2, 2},
                                          {7, 1},
                                          {33, 33},
                                          {133, 1},
                                          {133, 20}}) {
        for (const std::int64_t window : {0, 6, 70}) {
          for (const double softcap : {0.0, 5.0}) {
            expect_exact({heads, kv_heads, dim, tokens, count, window, softcap});
          }
        }
      }
    }
  }
}

TEST(RunAttention, ComputesHalfPrecisionInFloat32) {
  at::manual_seed(2);
  for (const at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
    for (const auto& [heads, kv_heads] : groupings) {
      for (const std::int64_t dim : {4, 20, 64}) {
        expect_exact({heads, kv_heads, dim, 133, 1, 0, 0, dtype});
        expect_exact({heads, kv_heads, dim, 133, 20, 70, 0, dtype});
        expect_exact({heads, kv_heads, dim, 33, 33, 0, 50, dtype});
      }
    }
  }
}

TEST(RunAttention, HoldsItsPrecisionWhereFewTokensGetAllWeight) {
  at::manual_seed(3);
  for (const double softcap : {0.0, 50.0}) {
    for (const std::int64_t dim : {8, 64, 100}) {
      expect_exact({9, 3, dim, 133, 20, 0, softcap, at::kFloat, 30});
      expect_exact({9, 3, dim, 133, 1, 0, softcap, at::kFloat, 30});
    }
  }
}

TEST(RunAttention, IsTheSameHoweverTokensAndQueriesAreCut) {
  at::manual_seed(4);
  for (const Attend attend : {attend_runs, attend_runs_plainly}) {
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
      for (const auto& [heads, kv_heads] : groupings) {
        for (const std::int64_t dim : {20, 64}) {
          for (const std::int64_t window : {0, 3, 70}) {
            const AttentionCase c{heads, kv_heads, dim, 150, 37, window, 10, dtype};
            const AttentionTensors tensors(c);
            const at::Tensor alone = attention_by(attend, c, tensors, {}, 1);
            for (const std::int64_t block : {2, 16, 37}) {
              for (const auto& cuts : std::vector<std::vector<std::int64_t>>{
                       {1}, {64, 128}, {0, 3, 3, 100, 149}, {20, 50, 115, 120, 131}}) {
                EXPECT_TRUE(at::equal(attention_by(attend, c, tensors, cuts, block), alone))
                    << describe(c) << ", " << cuts.size() << " cuts, blocks of " << block;
              }
            }
          }
        }
      }
    }
  }
}

TEST(RunAttention, DoesNotReadWhatAQueryDoesNotSee) {
  at::manual_seed(5);
  for (const Attend attend : {attend_runs, attend_runs_plainly}) {
    for (const auto& [heads, kv_heads] : groupings) {
      for (const std::int64_t window : {0, 9}) {
        const AttentionCase c{heads, kv_heads, 64, 90, 30, window};
        const AttentionTensors tensors(c);
        const at::Tensor clean = attention_by(attend, c, tensors, {}, attention_block_queries);
        for (const std::int64_t bad : {10, 60, 75, 89}) {
          AttentionTensors poisoned = tensors;
          for (at::Tensor* stored : {&poisoned.keys, &poisoned.values}) {
            *stored = stored->clone();
            stored->select(0, bad).fill_(std::nan(""));
          }
          const at::Tensor out = attention_by(attend, c, poisoned, {}, attention_block_queries);
          for (std::int64_t query = 0; query < c.count; ++query) {
            const std::int64_t behind = c.tokens - c.count + query - bad;
            const bool seen = behind >= 0 && (window == 0 || behind < window);
            const at::Tensor own = out.select(0, query);
            EXPECT_TRUE(seen ? own.isnan().all().item<bool>()
                             : at::equal(own, clean.select(0, query)))
                << describe(c) << ", NaN at token " << bad << ", query " << query;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace austeer
