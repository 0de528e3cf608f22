#include "kernels/run_attention.hpp"

#include <algorithm>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "kernels/attention_tiles.hpp"
#include "kernels/row_product.hpp"

namespace austeer {
namespace {

/// The queries of a block as rows: `group` heads of the first query, then those of the next.
struct BlockRows {
  BlockRows(const RunAttention& attention, const AttentionBlock& block)
      : group(attention.heads / attention.kv_heads),
        count(block.count * group),
        window(attention.window),
        first_head((block.first * attention.kv_heads + block.kv_head) * group),
        heads(attention.heads) {
    std::int64_t tokens = 0;
    for (const KeyRun& run : attention.runs) tokens += run.tokens;
    position = tokens - attention.count + block.first;
    begin = begin_of(0);
    end = end_of(count - 1);
  }

  /// The tokens that a row sees: [begin_of(row), end_of(row)). Both grow from row to row.
  std::int64_t begin_of(std::int64_t row) const {
    return window > 0 ? std::max<std::int64_t>(0, end_of(row) - window) : 0;
  }
  std::int64_t end_of(std::int64_t row) const { return position + row / group + 1; }

  /// Where a row stands in queries and out, counted in heads.
  std::int64_t head_of(std::int64_t row) const {
    return first_head + row / group * heads + row % group;
  }

  std::int64_t group;
  std::int64_t count;
  std::int64_t window;
  std::int64_t first_head;
  std::int64_t heads;
  std::int64_t position;  // of the first row's token
  std::int64_t begin;     // the tokens that any row sees
  std::int64_t end;
};

/// The calling thread's buffer of at least `count` floats.
float* attention_buffer(std::int64_t count) {
  static thread_local std::vector<float> buffer;
  if (std::ssize(buffer) < count) buffer.resize(static_cast<std::size_t>(count));
  return buffer.data();
}

/// Calls `visit.operator()<T>()` with the C++ type of `dtype`.
template <typename Visit>
void with_type(c10::ScalarType dtype, const Visit& visit) {
  if (dtype == c10::ScalarType::BFloat16) return visit.template operator()<c10::BFloat16>();
  if (dtype == c10::ScalarType::Half) return visit.template operator()<c10::Half>();
  visit.template operator()<float>();
}

/// Writes factor · sums, rounded to `dtype`, to a head of `out`.
void write_head(const RunAttention& attention, std::int64_t head, const float* sums, float factor) {
  with_type(attention.dtype, [&]<typename T>() {
    T* const out = static_cast<T*>(attention.out) + head * attention.head_dim;
    for (std::int64_t d = 0; d < attention.head_dim; ++d) out[d] = static_cast<T>(factor * sums[d]);
  });
}

/// One query's scores of all tokens in [begin, end), and their weighted sum of values.
template <typename T>
void attend_row(const RunAttention& attention, std::int64_t kv_head, const T* query,
                std::int64_t begin, std::int64_t end, float* weights, float* sums) {
  const std::int64_t dim = attention.head_dim;
  const auto for_each_token = [&](const auto& visit) {
    std::int64_t before = 0;
    for (const KeyRun& run : attention.runs) {
      for (std::int64_t t = std::max(begin, before); t < std::min(end, before + run.tokens); ++t) {
        const std::int64_t place = ((t - before) * attention.kv_heads + kv_head) * dim;
        visit(weights[t - begin], static_cast<const T*>(run.keys) + place,
              static_cast<const T*>(run.values) + place);
      }
      before += run.tokens;
    }
  };
  float largest = -std::numeric_limits<float>::infinity();
  for_each_token([&](float& weight, const T* key, const T*) {
    float score = 0;
    for (std::int64_t d = 0; d < dim; ++d) {
      score += attention.scale * static_cast<float>(query[d]) * static_cast<float>(key[d]);
    }
    if (attention.softcap > 0) score = attention.softcap * std::tanh(score / attention.softcap);
    weight = score;
    largest = std::max(largest, score);
  });
  float sum = 0;
  std::fill(sums, sums + dim, 0.0F);
  for_each_token([&](float& weight, const T*, const T* value) {
    weight = std::exp(weight - largest);
    sum += weight;
    for (std::int64_t d = 0; d < dim; ++d) sums[d] += weight * static_cast<float>(value[d]);
  });
  for (std::int64_t d = 0; d < dim; ++d) sums[d] /= sum;
}

}  // namespace

void attend_runs_plainly(const RunAttention& attention, const AttentionBlock& block) {
  if (block.count == 0) return;
  const BlockRows rows(attention, block);
  float* const sums = attention_buffer(attention.head_dim + rows.end - rows.begin);
  for (std::int64_t row = 0; row < rows.count; ++row) {
    const std::int64_t head = rows.head_of(row);
    with_type(attention.dtype, [&]<typename T>() {
      attend_row(attention, block.kv_head,
                 static_cast<const T*>(attention.queries) + head * attention.head_dim,
                 rows.begin_of(row), rows.end_of(row), sums + attention.head_dim, sums);
    });
    write_head(attention, head, sums, 1.0F);
  }
}

#if defined(__x86_64__)

namespace {

// Tokens whose keys or values stay in the inner caches while all rows of a block pass.
constexpr std::int64_t chunk_tokens = 64;

// From this many rows on, a chunk is copied to where its rows lie side by side: apart from each
// other, they get in each other's way in the innermost cache.
constexpr std::int64_t fewest_rows_for_copy = 12;

std::int64_t whole_registers(std::int64_t count) { return (count + lanes - 1) / lanes * lanes; }

void widen_head(c10::ScalarType dtype, const void* from, std::int64_t place, std::int64_t count,
                float* out) {
  with_type(dtype, [&]<typename T>() { widen(static_cast<const T*>(from) + place, count, out); });
}

/// One block's computation. Its parts lie in the calling thread's buffer.
class BlockAttention {
 public:
  BlockAttention(const RunAttention& attention, const AttentionBlock& block)
      : attention_(attention),
        rows_(attention, block),
        dim_(attention.head_dim),
        width_(whole_registers(dim_)),
        stride_(whole_registers(rows_.end - rows_.begin) + lanes),
        stored_stride_(attention.kv_heads * dim_),
        stored_head_(block.kv_head * dim_) {
    queries_ = attention_buffer(rows_.count * (2 * width_ + stride_) + chunk_tokens * width_);
    sums_ = queries_ + rows_.count * width_;
    chunk_ = sums_ + rows_.count * width_;
    scores_ = chunk_ + chunk_tokens * width_;
    std::fill(sums_, chunk_, 0.0F);
    if (width_ != dim_) {
      std::fill(queries_, sums_, 0.0F);
      std::fill(chunk_, scores_, 0.0F);
    }
  }

  AUSTEER_AVX2 void run() {
    gather_queries();
    for_each_chunk(
        [&](const KeyRun& run, std::int64_t place, std::int64_t first, std::int64_t count)
            AUSTEER_AVX2 { score(vectors(run.keys, place, count), first, count); });
    std::vector<float>& shares = shares_of_thread();
    shares.clear();
    for (std::int64_t row = 0; row < rows_.count; ++row) {
      shares.push_back(exponentials(weights(row, rows_.begin_of(row)),
                                    rows_.end_of(row) - rows_.begin_of(row), attention_.softcap));
    }
    for_each_chunk([&](const KeyRun& run, std::int64_t place, std::int64_t first,
                       std::int64_t count) AUSTEER_AVX2 {
      const Vectors values = vectors(run.values, place, count);
      for_each_row_tile(rows_.count, [&]<int X>(std::int64_t row) AUSTEER_AVX2 {
        add_chunk<X>(row, values, first, first + count);
      });
    });
    for (std::int64_t row = 0; row < rows_.count; ++row) {
      write_head(attention_, rows_.head_of(row), sums_ + row * width_,
                 shares[static_cast<std::size_t>(row)]);
    }
  }

 private:
  static std::vector<float>& shares_of_thread() {
    static thread_local std::vector<float> shares;
    return shares;
  }

  /// A row's scores, later weights, from `token` on.
  float* weights(std::int64_t row, std::int64_t token) const {
    return scores_ + row * stride_ + token - rows_.begin;
  }

  void gather_queries() {
    for (std::int64_t row = 0; row < rows_.count; ++row) {
      float* const query = queries_ + row * width_;
      widen_head(attention_.dtype, attention_.queries, rows_.head_of(row) * dim_, dim_, query);
      for (std::int64_t d = 0; d < dim_; ++d) query[d] *= attention_.scale;
    }
  }

  /// Calls `visit(run, place, first, count)` for each chunk of the tokens that any row sees:
  /// `count` tokens from the text's token `first` on, whose head begins at the run's element
  /// `place`.
  template <typename Visit>
  AUSTEER_AVX2 void for_each_chunk(const Visit& visit) const {
    std::int64_t before = 0;
    for (const KeyRun& run : attention_.runs) {
      const std::int64_t end = std::min(rows_.end, before + run.tokens);
      for (std::int64_t t = std::max(rows_.begin, before); t < end; t += chunk_tokens) {
        visit(run, (t - before) * stored_stride_ + stored_head_, t,
              std::min(chunk_tokens, end - t));
      }
      before += run.tokens;
    }
  }

  /// A chunk of keys or values in float32, where it lies or copied.
  Vectors vectors(const void* stored, std::int64_t place, std::int64_t count) const {
    if (attention_.dtype == c10::ScalarType::Float && width_ == dim_ &&
        rows_.count < fewest_rows_for_copy) {
      return {static_cast<const float*>(stored) + place, stored_stride_};
    }
    for (std::int64_t t = 0; t < count; ++t) {
      widen_head(attention_.dtype, stored, place + t * stored_stride_, dim_, chunk_ + t * width_);
    }
    return {chunk_, width_};
  }

  /// Scores of all rows and a chunk of keys. What the last tile writes beyond the chunk, the next
  /// chunk overwrites.
  AUSTEER_AVX2 void score(Vectors keys, std::int64_t first, std::int64_t count) const {
    for (std::int64_t t = 0; t < count; t += key_tile) {
      const float* tile[key_tile];
      for (int k = 0; k < key_tile; ++k) {
        tile[k] = keys.first + std::min(t + k, count - 1) * keys.stride;
      }
      for_each_row_tile(rows_.count, [&]<int X>(std::int64_t row) AUSTEER_AVX2 {
        score_tile<X>(queries_ + row * width_, width_, tile, weights(row, first + t), stride_);
      });
    }
  }

  /// Adds the weighted values of the tokens [begin, end) to the sums of X rows that see them all.
  /// `values` begin at token `first`.
  template <int X>
  AUSTEER_AVX2 void add(std::int64_t row, Vectors values, std::int64_t first, std::int64_t begin,
                        std::int64_t end) const {
    if (begin >= end) return;
    const float* const own = weights(row, begin);
    std::int64_t d = 0;
    const auto tile = [&]<int V>() AUSTEER_AVX2 {
      const float* const from = values.first + (begin - first) * values.stride + d;
      add_tile<X, V>(own, stride_, {from, values.stride}, end - begin, sums_ + row * width_ + d,
                     width_);
      d += V * lanes;
    };
    while (d + 4 * lanes <= width_) tile.template operator()<4>();
    if (d + 2 * lanes <= width_) tile.template operator()<2>();
    if (d < width_) tile.template operator()<1>();
  }

  /// The tokens [begin, end) for X rows: those that all see together, before and after them the
  /// ones that only some see.
  template <int X>
  AUSTEER_AVX2 void add_chunk(std::int64_t row, Vectors values, std::int64_t begin,
                              std::int64_t end) const {
    const std::int64_t all_begin = std::clamp(rows_.begin_of(row + X - 1), begin, end);
    const std::int64_t all_end = std::clamp(rows_.end_of(row), all_begin, end);
    for (std::int64_t r = row; r < row + X; ++r) {
      add<1>(r, values, begin, std::max(begin, rows_.begin_of(r)),
             std::min(all_begin, rows_.end_of(r)));
    }
    add<X>(row, values, begin, all_begin, all_end);
    for (std::int64_t r = row; r < row + X; ++r) {
      add<1>(r, values, begin, all_end, std::min(end, rows_.end_of(r)));
    }
  }

  const RunAttention& attention_;
  BlockRows rows_;
  std::int64_t dim_;
  std::int64_t width_;          // dim_ up to whole registers
  std::int64_t stride_;         // of the scores of two rows; the last tile of keys overruns
  std::int64_t stored_stride_;  // of two tokens of a run
  std::int64_t stored_head_;    // where the head of keys begins in a token
  float* queries_;              // [rows, width], times scale
  float* sums_;                 // [rows, width]
  float* chunk_;                // [chunk_tokens, width]
  float* scores_;               // [rows, stride]
};

}  // namespace

void attend_runs(const RunAttention& attention, const AttentionBlock& block) {
  if (!multiplies_rows()) return attend_runs_plainly(attention, block);
  if (block.count > 0) BlockAttention(attention, block).run();
}

#else

void attend_runs(const RunAttention& attention, const AttentionBlock& block) {
  attend_runs_plainly(attention, block);
}

#endif

}  // namespace austeer
