#include "models/sentence_encoder.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <limits>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "models/linear.hpp"

namespace austeer {

namespace {

at::ScalarType fastest_dtype() {
  return cpu_multiplies(at::kBFloat16) ? at::kBFloat16 : at::kFloat;
}

/// How many tokens of a text are read, where the folder says so.
std::optional<std::int64_t> longest_text(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "sentence_bert_config.json";
  if (!std::filesystem::exists(file)) return std::nullopt;
  const Json json = read_json(file);
  Fields fields(json, file.string());
  if (fields.optional("do_lower_case", false)) {
    fields.refuse("do_lower_case", "false: the tokenizer decides on case", true);
  }
  if (!fields.has("max_seq_length")) return std::nullopt;
  const auto longest = fields.required<std::int64_t>("max_seq_length");
  if (longest < 1) fields.refuse("max_seq_length", "a positive number", longest);
  return longest;
}

/// Where the folder says how texts are pooled, it has to be by their mean alone.
void check_pooling(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "1_Pooling" / "config.json";
  if (!std::filesystem::exists(file)) return;
  const Json json = read_json(file);
  Fields fields(json, file.string());
  for (const auto& [key, value] : json.items()) {
    if (!key.starts_with("pooling_mode_")) continue;
    const bool expected = key == "pooling_mode_mean_tokens";
    if (fields.required<bool>(key) != expected) {
      fields.refuse(key, expected ? "true: only the mean is supported" : "false", value);
    }
  }
}

/// A run's rows [texts * length, D] as [texts, length, D].
at::Tensor by_text(const at::Tensor& hidden, const TextRun& run) {
  return hidden.narrow(0, run.first_row, run.texts * run.length)
      .view({run.texts, run.length, hidden.size(1)});
}

}  // namespace

SentenceEncoder::SentenceEncoder(const std::filesystem::path& folder,
                                 std::optional<at::ScalarType> dtype)
    : SentenceEncoder(folder, *open_safetensors_checkpoint(folder), dtype) {}

SentenceEncoder::SentenceEncoder(const std::filesystem::path& folder, const Checkpoint& checkpoint,
                                 std::optional<at::ScalarType> dtype)
    : encoder_(read_encoder_config(folder), checkpoint, dtype.value_or(fastest_dtype())),
      texts_(load_tokenizer(folder), encoder_.config(), longest_text(folder)) {
  check_pooling(folder);
  fingerprint_ =
      sha256(checkpoint.fingerprint() + sha256_file(folder / "config.json") +
             texts_.tokenizer().fingerprint() + fmt::format(" {} tokens", texts_.longest()));
}

at::Tensor SentenceEncoder::embed(std::span<const std::string> texts) const {
  // Made before the guard: its callers may edit it in place.
  at::Tensor result = at::empty({static_cast<std::int64_t>(texts.size()), width()}, at::kFloat);
  const c10::InferenceMode guard;
  for (const EncoderBatch& batch : texts_.batches(texts)) {
    const at::Tensor hidden = encoder_.forward(batch.packed);
    std::vector<at::Tensor> means;
    for (const TextRun& run : batch.packed.runs) {
      means.push_back(by_text(hidden, run).mean({1}, false, at::kFloat));
    }
    const at::Tensor mean = at::cat(means);
    result.index_copy_(0, batch.rows(), mean.div_(mean.norm(2, {1}, true).clamp_min_(1e-12)));
  }
  return result;
}

at::Tensor SentenceEncoder::pooled_states(std::span<const std::string> texts,
                                          std::int64_t layers) const {
  if (layers < 0 || layers > this->layers()) {
    throw UsageError("model",
                     fmt::format("the encoder has {} layers, not {}", this->layers(), layers));
  }
  const auto count = static_cast<std::int64_t>(texts.size());
  at::Tensor result = at::empty({count, (layers + 1) * 2 * width()}, at::kFloat);
  const c10::InferenceMode guard;
  for (const EncoderBatch& batch : texts_.batches(texts)) {
    const auto in_batch = static_cast<std::int64_t>(batch.texts.size());
    at::Tensor pooled = at::empty({in_batch, layers + 1, 2, width()}, at::kFloat);
    encoder_.forward(batch.packed, layers, [&](std::int64_t state, const at::Tensor& hidden) {
      std::int64_t first = 0;
      for (const TextRun& run : batch.packed.runs) {
        const at::Tensor tokens = by_text(hidden, run);
        const at::Tensor here = pooled.narrow(0, first, run.texts).select(1, state);
        here.select(1, 0).copy_(tokens.mean({1}, false, at::kFloat));
        here.select(1, 1).copy_(tokens.amax(1));
        first += run.texts;
      }
    });
    result.index_copy_(0, batch.rows(), pooled.view({in_batch, -1}));
  }
  return result;
}

// The product gives all cosines of a block of rows at once, but rounds equal rows to slightly
// different ones; among those that come within rounding of the largest, a sum in float64 decides.

namespace {

constexpr float rounding = 1e-5F;  // of a product of two unit vectors, generously

double exact_cosine(const float* a, const float* b, std::int64_t width) {
  double sum = 0;
  for (std::int64_t i = 0; i < width; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

/// The best of the first `count` columns of `cosines` but `own`.
std::size_t best_other(const float* cosines, std::int64_t count, std::int64_t own,
                       const at::Tensor& rows) {
  const std::int64_t width = rows.size(1);
  const auto* data = rows.const_data_ptr<float>();
  float largest = std::numeric_limits<float>::lowest();
  for (std::int64_t j = 0; j < count; ++j) {
    if (j != own) largest = std::max(largest, cosines[j]);
  }
  std::int64_t best = -1;
  double best_cosine = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    if (j == own || cosines[j] < largest - rounding) continue;
    const double cosine = exact_cosine(data + own * width, data + j * width, width);
    if (best >= 0 && cosine <= best_cosine) continue;
    best = j;
    best_cosine = cosine;
  }
  return static_cast<std::size_t>(best);
}

}  // namespace

std::vector<std::size_t> nearest_others(const at::Tensor& embeddings,
                                        std::optional<std::int64_t> pool,
                                        std::int64_t block_elements) {
  const c10::InferenceMode guard;
  const at::Tensor rows = embeddings.to(at::kFloat).contiguous();
  if (rows.dim() != 2 || rows.size(0) < 2) {
    throw UsageError("model", fmt::format("a nearest other needs two texts, not {}",
                                          rows.dim() == 0 ? 0 : rows.size(0)));
  }
  if (!at::isfinite(rows).all().item<bool>()) {
    throw ComputeError("model", "the embeddings are NaN or infinite");
  }
  const std::int64_t count = rows.size(0);
  const std::int64_t others = pool.value_or(count);
  if (others < 2 || others > count) {
    throw UsageError("model", fmt::format("a nearest other among {} of {} texts", others, count));
  }
  const std::int64_t block = std::max<std::int64_t>(1, block_elements / others);
  std::vector<std::size_t> result(static_cast<std::size_t>(count));
  for (std::int64_t first = 0; first < count; first += block) {
    const std::int64_t here = std::min(block, count - first);
    const at::Tensor cosines = at::mm(rows.narrow(0, first, here), rows.narrow(0, 0, others).t());
    const auto* data = cosines.const_data_ptr<float>();
    at::parallel_for(0, here, 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        result[static_cast<std::size_t>(first + i)] =
            best_other(data + i * others, others, first + i, rows);
      }
    });
  }
  return result;
}

}  // namespace austeer
