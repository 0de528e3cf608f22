#include "scorers/toxicity_fit.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/progress.hpp"
#include "base/utf8.hpp"
#include "learning/logistic.hpp"
#include "scorers/toxicity_scorer.hpp"
#include "scorers/words.hpp"

namespace austeer {

namespace {

bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

std::string normalised(std::string_view text) {
  std::string result;
  bool gap = false;
  for (const char byte : text) {
    if (is_space(byte)) {
      gap = true;
      continue;
    }
    if (gap && !result.empty()) result += ' ';
    gap = false;
    result += lower_ascii(byte);
  }
  return result;
}

unsigned long hex_number(const std::string& digits) { return std::stoul(digits, nullptr, 16); }

}  // namespace

const std::string toxicity_split_rule =
    "SHA-256 of the text, its ASCII letters in lower case, each run of ASCII white space as one "
    "space, none at the ends; held out: the first 8 hex digits are divisible by 5; fold: the next "
    "8 hex digits modulo 5";

ToxicitySplit toxicity_split(std::string_view text) {
  const std::string hash = sha256(normalised(text));
  return {hex_number(hash.substr(0, 8)) % 5 == 0,
          static_cast<int>(hex_number(hash.substr(8, 8)) % toxicity_folds)};
}

namespace {

// Chosen by cross-validation within the training side of the split.
constexpr double states_c = 10;
constexpr double ngrams_c = 20;
constexpr double mix_c = 1;
constexpr double fit_tolerance = 1e-3;
constexpr double unclear_from = 0.1;
constexpr double unclear_to = 0.8;
constexpr double smallest_spread = 1e-6;
constexpr double least_ngram_scale = 0.1;

using Rows = std::vector<std::int64_t>;

at::Tensor index_of(const Rows& rows) { return at::tensor(at::ArrayRef<std::int64_t>(rows)); }

at::Tensor through_half(const at::Tensor& values) { return values.to(at::kHalf).to(at::kFloat); }

at::Tensor as_tensor(std::span<const double> values) {
  return at::tensor(at::ArrayRef<double>(values.data(), values.size()), at::kDouble);
}

std::vector<double> select(const std::vector<double>& values, const Rows& rows) {
  std::vector<double> result;
  for (const std::int64_t row : rows) result.push_back(values[static_cast<std::size_t>(row)]);
  return result;
}

/// Mean and spread of the columns, to fit on standardised features and to apply to raw ones.
struct Standardiser {
  explicit Standardiser(const at::Tensor& features)
      : mean(features.mean({0}, false)),
        scale((features - mean).square().mean({0}, false).sqrt() + smallest_spread) {}
  at::Tensor mean;
  at::Tensor scale;
};

/// Logistic regressions on pooled states, one for each of `targets`, fitted on `rows`; those whose
/// target is NaN are left out of that one. Fills the stage's weights and intercepts.
void fit_states(const at::Tensor& pooled, const std::vector<const std::vector<double>*>& targets,
                const Rows& rows, ToxicityStage& stage, Progress& progress) {
  at::Tensor part = pooled.index_select(0, index_of(rows)).to(at::kDouble);
  Standardiser standardiser(part);
  // Rows of about length 1, so that the same c suits any number of layers.
  standardiser.scale.mul_(std::sqrt(static_cast<double>(pooled.size(1))));
  part.sub_(standardiser.mean).div_(standardiser.scale);
  std::vector<at::Tensor> weights;
  std::vector<double> intercepts;
  for (const std::vector<double>* target : targets) {
    Rows labelled;
    std::vector<double> labels;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double label = (*target)[static_cast<std::size_t>(rows[i])];
      if (std::isnan(label)) continue;
      labelled.push_back(static_cast<std::int64_t>(i));
      labels.push_back(label);
    }
    const bool all = labelled.size() == rows.size();
    const LogisticModel model = fit_logistic(all ? part : part.index_select(0, index_of(labelled)),
                                             labels, states_c, fit_tolerance);
    const at::Tensor raw =
        through_half(as_tensor(model.weights).div(standardiser.scale).to(at::kFloat));
    weights.push_back(raw);
    intercepts.push_back(model.intercept -
                         raw.to(at::kDouble).dot(standardiser.mean).item<double>());
    progress.advance(1);
  }
  stage.weights = at::stack(weights);
  stage.intercepts = as_tensor(intercepts);
}

/// How much each n-gram is worth a weight before the fit: the size of its log odds ratio between
/// toxic and other texts, as in a naive Bayes classifier.
std::vector<double> ngram_scales(const SparseRows& ngrams, const std::vector<double>& toxicity) {
  std::vector<double> toxic(static_cast<std::size_t>(ngrams.columns()), 1.0);
  std::vector<double> other = toxic;
  for (std::int64_t i = 0; i < ngrams.rows(); ++i) {
    const double label = toxicity[static_cast<std::size_t>(i)];
    for (const SparseElement& element : ngrams.row(i)) {
      toxic[element.column] += label;
      other[element.column] += 1 - label;
    }
  }
  const double all_toxic = std::accumulate(toxicity.begin(), toxicity.end(), 0.0);
  const double all_other = static_cast<double>(toxicity.size()) - all_toxic;
  std::vector<double> scales(toxic.size());
  for (std::size_t j = 0; j < scales.size(); ++j) {
    const double ratio = (toxic[j] / all_toxic) / (other[j] / all_other);
    scales[j] = std::abs(std::log(ratio)) + least_ngram_scale;
  }
  return scales;
}

/// Fills the head's n-gram weights and intercept.
void fit_ngrams(const ToxicityExamples& examples, const Rows& rows, ToxicityHead& head) {
  SparseRows plain(ngram_buckets);
  for (const std::int64_t row : rows) {
    plain.add(ngram_features(examples.texts[static_cast<std::size_t>(row)]));
  }
  const std::vector<double> toxicity = select(examples.toxicity, rows);
  const std::vector<double> scales = ngram_scales(plain, toxicity);
  SparseRows scaled(ngram_buckets);
  for (std::int64_t i = 0; i < plain.rows(); ++i) {
    std::vector<SparseElement> row(plain.row(i).begin(), plain.row(i).end());
    for (SparseElement& element : row) {
      element.value = static_cast<float>(element.value * scales[element.column]);
    }
    scaled.add(row);
  }
  LogisticModel model = fit_logistic(scaled, toxicity, ngrams_c, fit_tolerance);
  for (std::size_t j = 0; j < scales.size(); ++j) model.weights[j] *= scales[j];
  head.ngrams = through_half(as_tensor(model.weights).to(at::kFloat));
  head.ngram_intercept = model.intercept;
}

/// The logits that a stage mixes: float64 [N, K + 1].
at::Tensor stage_logits(const ToxicityStage& stage, const at::Tensor& pooled,
                        const at::Tensor& ngrams) {
  return at::cat(
      {at::mm(pooled, stage.weights.t()).to(at::kDouble) + stage.intercepts, ngrams.unsqueeze(1)},
      1);
}

/// Fits the polynomial of `logits` [N, M] to the toxicity of `rows`.
at::Tensor fit_mix(const at::Tensor& logits, const std::vector<double>& toxicity,
                   const Rows& rows) {
  const at::Tensor terms = polynomial_terms(logits.index_select(0, index_of(rows)));
  const Standardiser standardiser(terms);
  const LogisticModel model = fit_logistic((terms - standardiser.mean).div_(standardiser.scale),
                                           select(toxicity, rows), mix_c);
  const at::Tensor weights = as_tensor(model.weights).div_(standardiser.scale);
  return at::cat({model.intercept - weights.dot(standardiser.mean).unsqueeze(0), weights});
}

at::Tensor mixed(const at::Tensor& logits, const at::Tensor& mix) {
  return at::sigmoid(polynomial_terms(logits).mv(mix.narrow(0, 1, mix.size(0) - 1)) + mix[0]);
}

class Fitter {
 public:
  Fitter(const ToxicityExamples& examples, const SentenceEncoder& encoder)
      : examples_(examples),
        encoder_(encoder),
        targets_{&examples.toxicity},
        progress_("toxicity fit", "fits",
                  (toxicity_folds + 1) * (static_cast<std::int64_t>(examples.kinds.size()) + 2)) {
    for (const auto& [name, labels] : examples.kinds) targets_.push_back(&labels);
    split();
    pooled_ = encoder.pooled_states(examples.texts, encoder.layers());
  }

  ToxicityFit fit() {
    const auto texts = static_cast<std::int64_t>(examples_.texts.size());
    const auto columns = static_cast<std::int64_t>(targets_.size()) + 1;
    at::Tensor quick = at::empty({texts, 2}, at::kDouble);
    at::Tensor full = at::empty({texts, columns}, at::kDouble);
    for (int fold = 0; fold < toxicity_folds; ++fold) {
      const Rows& rest = fold_rows_[static_cast<std::size_t>(fold)];
      const ToxicityHead head = fit_logits(all_but(fold));
      score_rest(head, rest, quick, full);
    }
    ToxicityFit result;
    result.head = fit_logits(all_but(-1));
    finish(result.head.quick, quick);
    finish(result.head.full, full);
    cross_validate(quick, full, result);
    return result;
  }

 private:
  void split() {
    for (std::size_t i = 0; i < examples_.texts.size(); ++i) {
      const ToxicitySplit side = toxicity_split(examples_.texts[i]);
      if (side.held_out) {
        throw UsageError("scorer", "a held-out text is among those to fit on");
      }
      fold_rows_[static_cast<std::size_t>(side.fold)].push_back(static_cast<std::int64_t>(i));
    }
    for (const Rows& rows : fold_rows_) {
      if (rows.empty()) {
        throw UsageError({"[scorer] too few labelled texts", "at least one in each of 5 folds",
                          std::to_string(examples_.texts.size()) + " texts in all", ""});
      }
    }
  }

  /// The rows outside `fold`, in the order of the examples.
  Rows all_but(int fold) const {
    Rows rows;
    for (int other = 0; other < toxicity_folds; ++other) {
      const Rows& part = fold_rows_[static_cast<std::size_t>(other)];
      if (other != fold) rows.insert(rows.end(), part.begin(), part.end());
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  at::Tensor first_states(const at::Tensor& pooled) const {
    return pooled.narrow(1, 0, 2 * encoder_.width());
  }

  /// A head whose stages have no mix yet.
  ToxicityHead fit_logits(const Rows& rows) {
    ToxicityHead head;
    head.encoder_fingerprint = encoder_.fingerprint();
    head.width = encoder_.width();
    head.unclear_from = unclear_from;
    head.unclear_to = unclear_to;
    head.full.layers = encoder_.layers();
    fit_ngrams(examples_, rows, head);
    fit_states(first_states(pooled_), {&examples_.toxicity}, rows, head.quick, progress_);
    fit_states(pooled_, targets_, rows, head.full, progress_);
    return head;
  }

  void score_rest(const ToxicityHead& head, const Rows& rest, at::Tensor& quick,
                  at::Tensor& full) const {
    std::vector<std::string> texts;
    for (const std::int64_t row : rest) {
      texts.push_back(examples_.texts[static_cast<std::size_t>(row)]);
    }
    const at::Tensor ngrams = ngram_logits(head, texts);
    const at::Tensor pooled = pooled_.index_select(0, index_of(rest));
    quick.index_copy_(0, index_of(rest), stage_logits(head.quick, first_states(pooled), ngrams));
    full.index_copy_(0, index_of(rest), stage_logits(head.full, pooled, ngrams));
  }

  void finish(ToxicityStage& stage, const at::Tensor& logits) const {
    stage.range = at::stack({std::get<0>(logits.min(0)), std::get<0>(logits.max(0))});
    stage.mix = fit_mix(logits, examples_.toxicity, all_but(-1));
  }

  /// Scores each fold with polynomials of the others' logits.
  void cross_validate(const at::Tensor& quick, const at::Tensor& full, ToxicityFit& result) const {
    std::vector<double> scores(examples_.texts.size());
    std::int64_t unclear = 0;
    for (int fold = 0; fold < toxicity_folds; ++fold) {
      const Rows& rest = fold_rows_[static_cast<std::size_t>(fold)];
      const Rows rows = all_but(fold);
      const at::Tensor by_quick =
          mixed(quick.index_select(0, index_of(rest)), fit_mix(quick, examples_.toxicity, rows));
      const at::Tensor by_full =
          mixed(full.index_select(0, index_of(rest)), fit_mix(full, examples_.toxicity, rows));
      for (std::size_t i = 0; i < rest.size(); ++i) {
        double score = by_quick.const_data_ptr<double>()[i];
        if (score >= unclear_from && score <= unclear_to) {
          score = by_full.const_data_ptr<double>()[i];
          ++unclear;
        }
        scores[static_cast<std::size_t>(rest[i])] = score;
      }
    }
    result.cross_validation = scorer_metrics(scores, examples_.toxicity);
    result.unclear_share = static_cast<double>(unclear) / static_cast<double>(scores.size());
  }

  const ToxicityExamples& examples_;
  const SentenceEncoder& encoder_;
  std::vector<const std::vector<double>*> targets_;
  Progress progress_;
  std::array<Rows, toxicity_folds> fold_rows_;
  at::Tensor pooled_;  // float32 [N, (L + 1) * 2 * D]
};

}  // namespace

ToxicityFit fit_toxicity_head(const ToxicityExamples& examples, const SentenceEncoder& encoder) {
  return Fitter(examples, encoder).fit();
}

}  // namespace austeer
