#include "runs/promoted_tokens.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "runs/probed_units.hpp"

namespace austeer {
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

}  // namespace austeer
