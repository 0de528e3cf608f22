#include "runs/unit_probes.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "engine/engine.hpp"
#include "engine/plan_tap.hpp"

namespace austeer {

at::Tensor next_token(const Engine& engine, const Tokens& prompt, const Plan& plan,
                      const std::string& steering, const std::string& hint) {
  PlanTap tap(plan, engine.model());
  const at::Tensor logits = engine.logits(prompt, &tap)[-1];
  if (!at::isfinite(logits).all().item<bool>()) {
    throw ComputeError("probe", steering + ": the logits are NaN or infinite", hint);
  }
  return logits.cpu().to(at::kDouble).log_softmax(-1);
}

at::Tensor kl_divergence(const at::Tensor& p, const at::Tensor& q) {
  return (p.exp() * (p - q)).sum(-1);
}

void check_probed_units(std::span<const UnitName> units, const Decoder& model) {
  if (units.empty()) throw UsageError("probe", "no unit is named", "--units SITE:LAYER:DIM,...");
  for (const UnitName& unit : units) {
    if (!unit.site) {
      throw UsageError({"[probe] the unit has no site", "SITE:LAYER:DIM",
                        fmt::format("'{}'", unit_text(unit)), ""});
    }
    const std::int64_t layers = model.config().layers;
    const std::int64_t width = model.site_width(*unit.site);
    if (unit.layer >= 0 && unit.layer < layers && unit.dim >= 0 && unit.dim < width) continue;
    throw UsageError(
        {"[probe] the model has no such unit",
         fmt::format("{} layers of width {} at site {}", layers, width, site_name(*unit.site)),
         unit_text(unit), ""});
  }
}

namespace {

/// `index` of `width` dimensions, as a row: [1, width].
at::Tensor basis_row(std::int64_t index, std::int64_t width, const at::TensorOptions& options) {
  at::Tensor row = at::zeros({1, width}, options);
  row.select(1, index).fill_(1);
  return row;
}

/// The product with a basis vector, [1, out]: a column, also where the weight is packed. Each sum
/// has one term that is not 0, so that nothing is rounded.
at::Tensor column(const Linear& linear, const at::Tensor& basis) {
  return Linear{linear.weight, {}, linear.packed}(basis);
}

at::Tensor scaled(const at::Tensor& direction, const at::Tensor& norm) {
  return norm.defined() ? direction * norm.to(at::kFloat) : direction;
}

/// What the unit writes into the residual stream: float32 [1, D], on the layer's device.
at::Tensor written_direction(const UnitName& unit, const Decoder& model) {
  const DecoderLayer& layer = model.layers()[static_cast<std::size_t>(unit.layer)];
  const at::Tensor basis = basis_row(unit.dim, model.site_width(*unit.site),
                                     layer.attention_norm.options().dtype(model.dtype()));
  switch (*unit.site) {
    case Site::attention:
      return scaled(column(layer.output, basis).to(at::kFloat), layer.attention_post_norm);
    case Site::ffn_gate:
      return scaled(column(layer.ffn.down, basis).to(at::kFloat), layer.ffn_post_norm);
    case Site::ffn:
      return scaled(basis.to(at::kFloat), layer.ffn_post_norm);
    case Site::layer:
      break;
  }
  return basis.to(at::kFloat);
}

/// Every unit's scores of every token: float32 [units, V] on the CPU.
at::Tensor token_scores(std::span<const UnitName> units, const Decoder& model) {
  std::vector<at::Tensor> directions;
  for (const UnitName& unit : units) directions.push_back(written_direction(unit, model).cpu());
  Linear head = model.head();
  head.transform([](const at::Tensor& part) { return part.cpu(); });
  return head(scaled(at::cat(directions), model.final_norm().cpu()));
}

/// Decodes a token as what follows another one: by itself it would lose its space in SentencePiece.
class TokenTexts {
 public:
  explicit TokenTexts(const Tokenizer& tokenizer)
      : tokenizer_(tokenizer),
        before_(tokenizer.encode("a", false)),
        start_(tokenizer.decode(before_)) {}

  std::string operator()(TokenId id) const {
    std::vector<TokenId> ids = before_;
    ids.push_back(id);
    const std::string text = tokenizer_.decode(ids);
    return text.starts_with(start_) ? text.substr(start_.size()) : tokenizer_.decode({&id, 1});
  }

 private:
  const Tokenizer& tokenizer_;
  std::vector<TokenId> before_;
  std::string start_;
};

/// The first `count` tokens of one unit's `scores` [V], sorted.
std::vector<ScoredToken> extreme_tokens(const at::Tensor& scores, std::int64_t count,
                                        bool descending, const TokenTexts& text_of) {
  const auto [sorted, order] = scores.sort(/*stable=*/true, 0, descending);
  std::vector<ScoredToken> result;
  for (std::int64_t i = 0; i < std::min(count, scores.size(0)); ++i) {
    const auto id = static_cast<TokenId>(order[i].item<std::int64_t>());
    result.push_back({id, sorted[i].item<double>(), text_of(id)});
  }
  return result;
}

Json tokens_json(const std::vector<ScoredToken>& tokens) {
  Json json = Json::array();
  for (const ScoredToken& token : tokens) {
    json.push_back({{"id", token.id}, {"score", token.score}, {"text", token.text}});
  }
  return json;
}

}  // namespace

std::vector<PromotedTokens> promoted_tokens(std::span<const UnitName> units, std::int64_t count,
                                            const Model& model) {
  if (count < 1) throw UsageError("probe", "at least one token must be asked for");
  check_probed_units(units, *model.decoder);
  const c10::InferenceMode guard;
  at::Tensor scores = token_scores(units, *model.decoder);
  scores = scores.narrow(1, 0, std::min(scores.size(1), model.tokenizer->size()));

  const TokenTexts text_of(*model.tokenizer);
  std::vector<PromotedTokens> result;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const at::Tensor own = scores[static_cast<std::int64_t>(i)];
    if (!at::isfinite(own).all().item<bool>()) {
      throw ComputeError("probe", fmt::format("{}: the weights that it is read through are NaN or "
                                              "infinite",
                                              unit_text(units[i])));
    }
    result.push_back({units[i], extreme_tokens(own, count, true, text_of),
                      extreme_tokens(own, count, false, text_of)});
  }
  return result;
}

Json to_json(const PromotedTokens& tokens) {
  return {{"unit", unit_text(tokens.unit)},
          {"promoted", tokens_json(tokens.promoted)},
          {"demoted", tokens_json(tokens.demoted)}};
}

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

Json answer_json(const std::string& model, std::span<const PromotedTokens> units) {
  Json all = Json::array();
  for (const PromotedTokens& unit : units) all.push_back(to_json(unit));
  return {{"model", model}, {"units", std::move(all)}};
}

Json answer_json(const std::string& model, const DivergenceReport& report) {
  Json answer = {{"model", model}};
  answer.update(to_json(report));
  return answer;
}

}  // namespace austeer
