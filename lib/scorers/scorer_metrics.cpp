#include "scorers/scorer_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include "base/error.hpp"
#include "scorers/toxicity_scorer.hpp"

namespace austeer {
namespace {

constexpr std::size_t bins = 10;

void check(std::span<const double> scores, std::span<const double> labels) {
  if (scores.size() != labels.size()) {
    throw UsageError({"[metrics] scores do not belong to the labels", "one score a label",
                      fmt::format("{} scores, {} labels", scores.size(), labels.size()), ""});
  }
  for (const std::span<const double> values : {scores, labels}) {
    for (const double value : values) {
      if (value >= 0 && value <= 1) continue;
      throw UsageError(
          {"[metrics] no score", "a number from 0 to 1", fmt::format("{}", value), ""});
    }
  }
}

/// The Mann-Whitney statistic through ranks, of which ties share their mean.
double area_under_curve(std::span<const double> scores, std::span<const double> labels) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double toxic_ranks = 0;
  double toxic = 0;
  for (std::size_t i = 0, next = 0; i < order.size(); i = next) {
    while (next < order.size() && scores[order[next]] == scores[order[i]]) ++next;
    const double rank = (static_cast<double>(i + next) + 1) / 2;
    for (std::size_t j = i; j < next; ++j) {
      if (labels[order[j]] > toxic_above) {
        toxic_ranks += rank;
        ++toxic;
      }
    }
  }
  const double other = static_cast<double>(order.size()) - toxic;
  if (toxic == 0 || other == 0) {
    throw UsageError("metrics", "AUC needs labels above and below 0.5");
  }
  return (toxic_ranks - toxic * (toxic + 1) / 2) / (toxic * other);
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double correlation(std::span<const double> x, std::span<const double> y) {
  const double x_mean = mean(x);
  const double y_mean = mean(y);
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - x_mean) * (x[i] - x_mean);
    yy += (y[i] - y_mean) * (y[i] - y_mean);
    xy += (x[i] - x_mean) * (y[i] - y_mean);
  }
  if (xx == 0) throw UsageError("metrics", "every text has the same score");
  return xy / std::sqrt(xx * yy);
}

std::vector<ReliabilityBin> reliability_curve(std::span<const double> scores,
                                              std::span<const double> labels) {
  std::vector<ReliabilityBin> curve(bins);
  for (std::size_t i = 0; i < bins; ++i) {
    curve[i].lower = static_cast<double>(i) / bins;
    curve[i].upper = static_cast<double>(i + 1) / bins;
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    std::size_t bin = std::min(static_cast<std::size_t>(scores[i] * bins), bins - 1);
    // The product may round up to the next bin's edge.
    if (scores[i] < curve[bin].lower) --bin;
    ++curve[bin].texts;
    curve[bin].mean_score += scores[i];
    curve[bin].mean_label += labels[i];
    curve[bin].toxic_share += labels[i] > toxic_above ? 1 : 0;
  }
  for (ReliabilityBin& bin : curve) {
    if (bin.texts == 0) continue;
    const auto texts = static_cast<double>(bin.texts);
    bin.mean_score /= texts;
    bin.mean_label /= texts;
    bin.toxic_share /= texts;
  }
  return curve;
}

}  // namespace

ScorerMetrics scorer_metrics(std::span<const double> scores, std::span<const double> labels) {
  check(scores, labels);
  ScorerMetrics metrics;
  metrics.texts = static_cast<std::int64_t>(scores.size());
  metrics.auc = area_under_curve(scores, labels);
  metrics.pearson = correlation(scores, labels);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const bool toxic = labels[i] > toxic_above;
    metrics.toxic += toxic;
    metrics.agreement += (scores[i] > toxic_above) == toxic;
    metrics.brier += (scores[i] - toxic) * (scores[i] - toxic);
  }
  metrics.agreement /= static_cast<double>(scores.size());
  metrics.brier /= static_cast<double>(scores.size());
  metrics.reliability = reliability_curve(scores, labels);
  return metrics;
}

Json to_json(const ScorerMetrics& metrics) {
  Json curve = Json::array();
  for (const ReliabilityBin& bin : metrics.reliability) {
    curve.push_back({{"lower", bin.lower},
                     {"upper", bin.upper},
                     {"texts", bin.texts},
                     {"mean_score", bin.mean_score},
                     {"mean_label", bin.mean_label},
                     {"toxic_share", bin.toxic_share}});
  }
  return {{"texts", metrics.texts},         {"toxic", metrics.toxic},     {"auc", metrics.auc},
          {"agreement", metrics.agreement}, {"pearson", metrics.pearson}, {"brier", metrics.brier},
          {"reliability", std::move(curve)}};
}

}  // namespace austeer
