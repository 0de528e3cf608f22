#include "runs/unit_divergence.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "engine/engine.hpp"
#include "runs/next_token.hpp"
#include "runs/probed_units.hpp"

namespace austeer {
namespace {

void check_strengths(std::span<const double> strengths) {
  if (strengths.empty()) throw UsageError("probe", "no strength is given");
  for (const double strength : strengths) {
    if (std::isfinite(static_cast<float>(strength))) continue;
    throw UsageError("probe", fmt::format("the strength {} is not finite in float32", strength));
  }
}

Plan scaling(const UnitName& unit, double strength) {
  Plan plan;
  plan.edits.push_back(
      {*unit.site, unit.layer, Operation::scale, {unit.dim}, {static_cast<float>(strength)}});
  return plan;
}

/// Log-probabilities of the token that follows, one row per strength: float64 [S, V].
at::Tensor next_token_at(const Engine& engine, const Tokens& prompt, const UnitName& unit,
                         std::span<const double> strengths) {
  std::vector<at::Tensor> rows;
  for (const double strength : strengths) {
    rows.push_back(next_token(engine, prompt, scaling(unit, strength),
                              fmt::format("{}: at strength {}", unit_text(unit), strength),
                              "Lower --strengths, or use --dtype float32"));
  }
  return at::stack(rows);
}

std::vector<DivergencePoint> points_of(std::span<const double> strengths, const at::Tensor& sum,
                                       std::size_t prompts) {
  std::vector<DivergencePoint> points;
  for (std::size_t i = 0; i < strengths.size(); ++i) {
    const double total = sum[static_cast<std::int64_t>(i)].item<double>();
    points.push_back({strengths[i], total / static_cast<double>(prompts)});
  }
  return points;
}

/// Sums over the prompts, float64 [S] each.
struct DivergenceSums {
  DivergenceSums(std::size_t units, std::size_t strengths) {
    const auto zeros = [&](std::size_t series) {
      return std::vector<at::Tensor>(
          series, at::zeros({static_cast<std::int64_t>(strengths)}, at::kDouble));
    };
    own = zeros(units);
    pairs = zeros(units * (units - 1) / 2);
  }

  /// `rows` of each unit, [S, V]; those of the largest strength are at `largest`.
  void add(const std::vector<at::Tensor>& rows, std::int64_t largest) {
    std::size_t pair = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      own[i] = own[i] + kl_divergence(rows[i], rows[i].narrow(0, largest, 1));
      for (std::size_t j = i + 1; j < rows.size(); ++j, ++pair) {
        pairs[pair] = pairs[pair] + kl_divergence(rows[i], rows[j]);
      }
    }
  }

  std::vector<at::Tensor> own;    // in the order of the units
  std::vector<at::Tensor> pairs;  // (0, 1), (0, 2), ..., (1, 2), ...
};

Json points_json(const std::vector<DivergencePoint>& points) {
  Json json = Json::array();
  for (const auto& [strength, divergence] : points) {
    json.push_back({{"strength", strength}, {"divergence", divergence}});
  }
  return json;
}

}  // namespace

DivergenceReport unit_divergence(std::span<const UnitName> units, std::span<const double> strengths,
                                 std::span<const std::string> prompts, const Model& model) {
  check_probed_units(units, *model.decoder);
  check_strengths(strengths);
  if (prompts.empty()) throw UsageError("probe", "no prompt is given");
  const c10::InferenceMode guard;
  const auto largest = std::ranges::max_element(strengths);
  const Engine engine(*model.decoder);

  DivergenceSums sums(units.size(), strengths.size());
  Progress progress("probe divergence", "prompts", static_cast<std::int64_t>(prompts.size()));
  for (const std::string& prompt : prompts) {
    const Tokens tokens = model.tokenizer->encode(prompt);
    std::vector<at::Tensor> rows;
    for (const UnitName& unit : units) {
      rows.push_back(next_token_at(engine, tokens, unit, strengths));
    }
    sums.add(rows, largest - strengths.begin());
    progress.advance(1);
  }

  DivergenceReport report{static_cast<std::int64_t>(prompts.size()), *largest, {}, {}};
  std::size_t pair = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    report.units.push_back({units[i], points_of(strengths, sums.own[i], prompts.size())});
    for (std::size_t j = i + 1; j < units.size(); ++j, ++pair) {
      report.pairs.push_back(
          {units[i], units[j], points_of(strengths, sums.pairs[pair], prompts.size())});
    }
  }
  return report;
}

Json to_json(const DivergenceReport& report) {
  Json json = {{"prompts", report.prompts},
               {"largest_strength", report.largest},
               {"units", Json::array()},
               {"pairs", Json::array()}};
  for (const UnitDivergence& unit : report.units) {
    json["units"].push_back({{"unit", unit_text(unit.unit)}, {"points", points_json(unit.points)}});
  }
  for (const PairDivergence& pair : report.pairs) {
    json["pairs"].push_back({{"first", unit_text(pair.first)},
                             {"second", unit_text(pair.second)},
                             {"points", points_json(pair.points)}});
  }
  return json;
}

}  // namespace austeer
