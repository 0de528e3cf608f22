#include "scorers/toxicity_model.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "scorers/ngram_features.hpp"

namespace austeer {
namespace {

// Texts that are pooled together: enough for full batches, few enough to hold their states.
constexpr std::size_t batch_texts = 1024;

at::Tensor as_tensor(const std::vector<double>& values) {
  return at::tensor(at::ArrayRef<double>(values), at::kDouble);
}

}  // namespace

at::Tensor ngram_logits(const ToxicityHead& head, std::span<const std::string> texts) {
  const float* weights = head.ngrams.const_data_ptr<float>();
  std::vector<double> logits;
  for (const std::string& text : texts) {
    double logit = head.ngram_intercept;
    for (const SparseElement& element : ngram_features(text)) {
      logit += static_cast<double>(element.value) * static_cast<double>(weights[element.column]);
    }
    logits.push_back(logit);
  }
  return as_tensor(logits);
}

ToxicityModel::ToxicityModel(const std::filesystem::path& head_file,
                             const std::filesystem::path& encoder_folder)
    : head_(load_toxicity_head(head_file)),
      fingerprint_(sha256_file(head_file)),
      encoder_(encoder_folder) {
  if (encoder_.fingerprint() != head_.encoder_fingerprint || encoder_.width() != head_.width ||
      encoder_.layers() < std::max(head_.quick.layers, head_.full.layers)) {
    throw FormatError({fmt::format("[scorer] {}: fitted on another encoder than {}",
                                   head_file.string(), encoder_folder.string()),
                       head_.encoder + ", fingerprint " + head_.encoder_fingerprint,
                       encoder_.fingerprint(),
                       "Get it with: austeer fetch model " + head_.encoder});
  }
}

std::vector<double> ToxicityModel::score_batch(std::span<const std::string> texts) const {
  const c10::InferenceMode guard;
  const at::Tensor spelling = ngram_logits(head_, texts);
  const at::Tensor quick =
      head_.quick.score(encoder_.pooled_states(texts, head_.quick.layers), spelling);
  std::vector<double> scores(quick.const_data_ptr<double>(),
                             quick.const_data_ptr<double>() + quick.numel());
  std::vector<std::int64_t> unclear;
  std::vector<std::string> unclear_texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (scores[i] < head_.unclear_from || scores[i] > head_.unclear_to) continue;
    unclear.push_back(static_cast<std::int64_t>(i));
    unclear_texts.push_back(texts[i]);
  }
  if (unclear.empty()) return scores;
  const at::Tensor full = head_.full.score(
      encoder_.pooled_states(unclear_texts, head_.full.layers),
      spelling.index_select(0, at::tensor(at::ArrayRef<std::int64_t>(unclear), at::kLong)));
  for (std::size_t i = 0; i < unclear.size(); ++i) {
    scores[static_cast<std::size_t>(unclear[i])] = full.const_data_ptr<double>()[i];
  }
  return scores;
}

std::vector<double> ToxicityModel::score(std::span<const std::string> texts) const {
  std::vector<double> scores;
  for (std::size_t first = 0; first < texts.size(); first += batch_texts) {
    const auto batch =
        score_batch(texts.subspan(first, std::min(batch_texts, texts.size() - first)));
    scores.insert(scores.end(), batch.begin(), batch.end());
  }
  return scores;
}

Json ToxicityModel::description() const {
  return {{"kind", "austeer"},        {"name", "austeer-" + head_.version},
          {"version", head_.version}, {"fingerprint", fingerprint_},
          {"encoder", head_.encoder}, {"encoder_fingerprint", head_.encoder_fingerprint}};
}

}  // namespace austeer
