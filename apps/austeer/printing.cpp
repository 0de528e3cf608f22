#include "printing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>

#include "steering/assemble.hpp"
#include "units_table.hpp"

namespace austeer::app {

void print_stability(const Ranking& ranking, const Stability& stability) {
  const StabilityOptions& options = stability.options;
  fmt::print(
      "stability of the top {} of {} units ({} samples of the {} pairs, seed {})\n"
      "  of a sample's top, {:.1f} % are in the ranking's\n"
      "  two halves of the pairs share {:.1f} % of their tops; chance: {:.2f} %\n",
      options.k, ranking.units.size(), options.resamples, ranking.pairs, options.seed,
      100 * stability.kept, 100 * stability.half_overlap, 100 * stability.chance);
  print_ties(ranking, options.k);
  const bool sites = ranking.sites.size() > 1;
  fmt::print("{:>4}  {}{:>5}  {:>5}  {:>7}\n", "rank", sites ? "     site  " : "", "layer", "dim",
             "stays");
  for (std::size_t i = 0; i < stability.unit_kept.size(); ++i) {
    const RankedUnit& unit = ranking.units[i];
    fmt::print("{:>4}  {}{:>5}  {:>5}  {:>5.1f} %\n", i + 1,
               sites ? fmt::format("{:>9}  ", site_name_of(ranking, unit)) : "", unit.layer,
               unit.dim, 100 * stability.unit_kept[i]);
  }
}

void print_tokens(const char* what, const std::vector<ScoredToken>& tokens) {
  std::vector<std::string> shown;
  for (const ScoredToken& token : tokens) {
    shown.push_back(
        fmt::format("{} {:+.3f}",
                    token.text.empty() ? fmt::format("<{}>", token.id) : to_text(Json(token.text)),
                    token.score));
  }
  fmt::print("  {} {}\n", what, fmt::join(shown, ", "));
}

void print_verification(const Verification& verification) {
  const Agreement& difference = verification.difference;
  const Agreement& steering = verification.steering;
  fmt::print("{} texts, {} tokens\n", difference.texts, difference.tokens);
  fmt::print("{:<24}{:>24}{:>18}\n", "", "plan against export", "plan at all");
  fmt::print("{:<24}{:>24.3g}{:>18.3g}\n", "largest logit difference",
             difference.largest_difference, steering.largest_difference);
  fmt::print("{:<24}{:>24.3g}{:>18.3g}\n", "mean divergence (nats)", difference.mean_divergence,
             steering.mean_divergence);
  fmt::print("{:<24}{:>23.1f}%{:>17.1f}%\n", "same next token", 100 * difference.same_next_token,
             100 * steering.same_next_token);
}

}  // namespace austeer::app
