#include "explanation.hpp"

#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"
#include "steering/fdr.hpp"
#include "token_lines.hpp"
#include "units_table.hpp"

namespace austeer::app {
namespace {

constexpr int shown_characters = 60;  ///< of a text

/// The last characters of valid UTF-8, in quotes.
std::string ending_of(std::string_view text) {
  std::size_t begin = text.size();
  for (int i = 0; i < shown_characters && begin > 0; ++i) {
    begin -= code_point_before(text, begin).length;
  }
  return (begin > 0 ? "…" : "") + to_text(Json(text.substr(begin)));
}

/// The first characters of valid UTF-8, in quotes.
std::string beginning_of(std::string_view text) {
  std::size_t end = 0;
  for (int i = 0; i < shown_characters && end < text.size(); ++i) {
    end += code_point_at(text, end).length;
  }
  return to_text(Json(text.substr(0, end))) + (end < text.size() ? "…" : "");
}

/// What the texts have in common before their answers, and the answers.
std::string pair_text(const Pair& pair) {
  const std::string_view positive = pair.positive;
  const std::string_view negative = pair.negative;
  const std::string_view prompt = positive.substr(0, pair.positive_answer);
  if (prompt.empty() || prompt != negative.substr(0, pair.negative_answer)) {
    return fmt::format("{} against {}", ending_of(positive), ending_of(negative));
  }
  return fmt::format("{}: {} against {}", ending_of(prompt),
                     beginning_of(positive.substr(prompt.size())),
                     beginning_of(negative.substr(prompt.size())));
}

void print_pairs(const char* what, const std::vector<PairMomentum>& some,
                 const std::vector<Pair>& texts) {
  for (const auto& [pair, momentum] : some) {
    fmt::print("  {} pair {} by {:+.4g}{}\n", what, pair, momentum,
               texts.empty() ? "" : ": " + pair_text(texts[static_cast<std::size_t>(pair)]));
  }
}

void print_effect(const std::optional<double>& effect, double plan) {
  if (!effect) {
    fmt::print("  is not in the plan\n");
    return;
  }
  fmt::print("  left out of the plan: {:.4g} nats{}\n", *effect,
             plan > 0 ? fmt::format(" ({:.2g} % of the plan's)", 100 * *effect / plan) : "");
}

void print_verdict(const Ranking& ranking, const Explanation& explanation) {
  print_significance(ranking, explanation.q_values);
  if (significant_units(explanation.q_values) > 0) return;
  fmt::print(
      "nothing here is more than chance gives: the smallest p is {:.2g}, and that of {} units that "
      "are all chance would be about {:.2g}\n",
      explanation.smallest_p_value, ranking.units.size(), explanation.smallest_by_chance);
}

}  // namespace

void print_explanation(const Ranking& ranking, const Explanation& explanation) {
  print_verdict(ranking, explanation);
  if (explanation.pairs && !explanation.pairs->missing.empty()) {
    fmt::print("no texts of pairs: {}\n", explanation.pairs->missing);
  }
  if (explanation.effects) {
    fmt::print("the plan moves the next token by {:.4g} nats (KL, mean of {} prompts)\n",
               explanation.effects->plan, explanation.effects->prompts);
  }
  const std::vector<Pair> texts =
      explanation.pairs ? explanation.pairs->pairs : std::vector<Pair>();
  for (std::size_t i = 0; i < explanation.units.size(); ++i) {
    const ExplainedUnit& unit = explanation.units[i];
    const RankedUnit& of = unit.statistics;
    fmt::print("\n{} {}\n", i + 1, unit_text(unit.name));
    fmt::print(
        "  score {:.4g}, value {:+.4g}: {} pairs up, {} down, p {:.2e}, q {:.2e}; mean "
        "momentum {:+.4g}\n",
        of.score, of.value, of.positive, of.negative, of.p_value, unit.q_value, of.mean_momentum);
    print_tokens("promotes", unit.tokens.promoted);
    print_tokens("demotes", unit.tokens.demoted);
    print_pairs("agrees:", unit.pairs.agreeing, texts);
    print_pairs("disagrees:", unit.pairs.disagreeing, texts);
    if (explanation.effects) {
      print_effect(explanation.effects->without[i], explanation.effects->plan);
    }
  }
}

}  // namespace austeer::app
