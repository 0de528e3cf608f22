#include "models/token_attention.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "models/avx2.hpp"
#include "models/row_product.hpp"

namespace austeer {
namespace {

/// The calling thread's buffer of at least `count` floats.
float* weights_buffer(std::int64_t count) {
  static thread_local std::vector<float> buffer;
  if (std::ssize(buffer) < count) buffer.resize(static_cast<std::size_t>(count));
  return buffer.data();
}

/// Replaces scores by exp(score − largest). Returns 1 / their sum.
float exponentials(float* scores, std::int64_t count) {
  const float largest = *std::max_element(scores, scores + count);
  float sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    scores[i] = std::exp(scores[i] - largest);
    sum += scores[i];
  }
  return 1 / sum;
}

}  // namespace

void attend_token_plainly(const TokenAttention& attention) {
  const auto& [queries, keys, values, out, heads, kv_heads, dim, tokens, kv_stride, scale] =
      attention;
  float* const weights = weights_buffer(tokens);
  for (std::int64_t head = 0; head < heads; ++head) {
    const std::int64_t shared = head / (heads / kv_heads) * kv_stride;
    for (std::int64_t t = 0; t < tokens; ++t) {
      weights[t] = 0;
      for (std::int64_t d = 0; d < dim; ++d) {
        weights[t] += queries[head * dim + d] * keys[shared + t * dim + d];
      }
      weights[t] *= scale;
    }
    const float share = exponentials(weights, tokens);
    for (std::int64_t d = 0; d < dim; ++d) {
      float sum = 0;
      for (std::int64_t t = 0; t < tokens; ++t) sum += weights[t] * values[shared + t * dim + d];
      out[head * dim + d] = sum * share;
    }
  }
}

#if defined(__x86_64__)

namespace {

AUSTEER_AVX2 float dot(const float* a, const float* b, std::int64_t count) {
  __m256 sums[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  std::int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    sums[0] = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), sums[0]);
    sums[1] =
        _mm256_fmadd_ps(_mm256_loadu_ps(a + i + lanes), _mm256_loadu_ps(b + i + lanes), sums[1]);
  }
  float result = sum_of(_mm256_add_ps(sums[0], sums[1]));
  for (; i < count; ++i) result += a[i] * b[i];
  return result;
}

/// out += weight · row
AUSTEER_AVX2 void add_scaled(float weight, const float* row, std::int64_t count, float* out) {
  const __m256 factor = _mm256_set1_ps(weight);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    _mm256_storeu_ps(out + i,
                     _mm256_fmadd_ps(factor, _mm256_loadu_ps(row + i), _mm256_loadu_ps(out + i)));
  }
  for (; i < count; ++i) out[i] += weight * row[i];
}

/// The heads that share keys and values take each of them together, while it is in the innermost
/// cache.
AUSTEER_AVX2 void attend_group(const TokenAttention& attention, std::int64_t kv_head,
                               float* weights) {
  const auto& [queries, keys, values, out, heads, kv_heads, dim, tokens, kv_stride, scale] =
      attention;
  const std::int64_t group = heads / kv_heads;
  const float* const asked = queries + kv_head * group * dim;
  float* const sums = out + kv_head * group * dim;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const float* const key = keys + kv_head * kv_stride + t * dim;
    for (std::int64_t g = 0; g < group; ++g) {
      weights[g * tokens + t] = scale * dot(asked + g * dim, key, dim);
    }
  }
  for (std::int64_t g = 0; g < group; ++g) {
    float* const own = weights + g * tokens;
    const float share = exponentials(own, tokens);
    for (std::int64_t t = 0; t < tokens; ++t) own[t] *= share;
  }
  std::fill(sums, sums + group * dim, 0.0F);
  for (std::int64_t t = 0; t < tokens; ++t) {
    const float* const value = values + kv_head * kv_stride + t * dim;
    for (std::int64_t g = 0; g < group; ++g) {
      add_scaled(weights[g * tokens + t], value, dim, sums + g * dim);
    }
  }
}

}  // namespace

void attend_token(const TokenAttention& attention) {
  if (!multiplies_rows()) return attend_token_plainly(attention);
  float* const weights = weights_buffer(attention.heads / attention.kv_heads * attention.tokens);
  for (std::int64_t head = 0; head < attention.kv_heads; ++head) {
    attend_group(attention, head, weights);
  }
}

#else

void attend_token(const TokenAttention& attention) { attend_token_plainly(attention); }

#endif

}  // namespace austeer
