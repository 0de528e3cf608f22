// austeer units: lists the units of a ranking, and says how stable its top is. Its subcommands
// explain units and compare rankings.
#include "units.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"
#include "commands.hpp"
#include "printing.hpp"
#include "runs/explain_units.hpp"
#include "shared_options.hpp"
#include "steering/assemble.hpp"
#include "steering/overlap.hpp"
#include "steering/stability.hpp"
#include "units_table.hpp"

namespace austeer::app {

// austeer units compare: what the tops of rankings have in common.

namespace {

struct CompareCommand {
  std::vector<std::filesystem::path> files;
  std::int64_t k = 100;
  bool json = false;
};

void print_comparisons(const std::vector<NamedRanking>& rankings,
                       const std::vector<RankingComparison>& comparisons) {
  for (std::size_t i = 0; i < rankings.size(); ++i) {
    const Ranking& ranking = rankings[i].ranking;
    fmt::print("{:>3}  {}  ({}, {} pairs, site {})\n", i + 1, rankings[i].name, ranking.method,
               ranking.pairs, site_names(ranking));
  }
  fmt::print("{:>7}  {:>6}  {:>7}  {:>9}  {:>9}  {:>14}  {:>16}\n", "", "shared", "share",
             "by chance", "p", "same direction", "rank correlation");
  for (const RankingComparison& one : comparisons) {
    const Overlap& overlap = one.overlap;
    fmt::print("{:>3} {:>3}  {:>6}  {:>5.1f} %  {:>9.3g}  {:>9.2e}  {:>14}  {:>16}\n",
               one.first + 1, one.second + 1, overlap.shared, 100 * overlap.share(),
               overlap.expected, overlap.p_value, overlap.same_direction,
               one.correlation ? fmt::format("{:+.3f}", *one.correlation) : "none");
  }
}

void run_compare(const CompareCommand& options) {
  std::vector<NamedRanking> rankings;
  for (const auto& file : options.files) rankings.push_back({file.string(), load_ranking(file)});
  const auto comparisons = compare_rankings(rankings, options.k);
  if (options.json) return print_json(answer_json(rankings, comparisons, options.k));
  const RankingTop top = top_of(rankings.front().ranking, options.k);
  fmt::print("the first {} of {} {}\n", options.k, top.groups,
             top.has_single_units() ? "units" : "groups of units");
  print_comparisons(rankings, comparisons);
}

}  // namespace

void add_units_compare(CLI::App& units) {
  CLI::App* command = units.add_subcommand(
      "compare", "How many of their top units rankings share, beside what chance would give");
  const auto options = std::make_shared<CompareCommand>();
  command->add_option("rankings", options->files, "two ranking files or more")
      ->required()
      ->expected(-2)
      ->check(CLI::ExistingFile);
  command->add_option("--k", options->k, "units (or heads, layers) of each top")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  add_json_option(*command, options->json);
  command->callback([options, &units] {
    refuse_listing_options(units);
    run_compare(*options);
  });
}

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

// austeer units explain: what is known about a ranking's first units.

namespace {

struct ExplainCommand {
  ExplainOptions explain;
  bool json = false;
};

void run_explain(const ExplainCommand& options) {
  const Ranking ranking = load_ranking(options.explain.ranking);
  const Explanation explanation = explain_units(ranking, options.explain);
  if (!options.json) return print_explanation(ranking, explanation);
  print_json(answer_json(options.explain.run.model, ranking, explanation));
}

void add_pair_options(CLI::App& command, ExplainOptions& options) {
  CLI::Option* cache =
      command
          .add_option("--cache", options.cache,
                      "the cache that was ranked: also show the pairs that move a unit most in the "
                      "direction of its value, and against it")
          ->check(CLI::ExistingDirectory);
  command.add_option("--pairs", options.pairs, "pairs of each kind")
      ->capture_default_str()
      ->needs(cache)
      ->check(CLI::PositiveNumber);
  command
      .add_option("--pairs-task", options.source.task,
                  "task of the cache, where it is not in configs/tasks/: a YAML file")
      ->needs(cache);
  command
      .add_option("--pairs-split", options.source.split,
                  "split that it was collected from. Default: as the cache has it, else train")
      ->needs(cache);
}

void add_effect_options(CLI::App& command, ExplainOptions& options) {
  add_prompt_options(command, options.prompts, options.run);
  PlanRecipe& recipe = options.recipe;
  command
      .add_option("--k", recipe.k,
                  "with prompts, how far the next token moves where a unit is left out of the plan "
                  "of the first k")
      ->default_str(fmt::format("{}", default_k))
      ->check(CLI::PositiveNumber);
  command.add_option("--alpha", recipe.alpha, "the plan's strength")
      ->default_str(fmt::format("{}", default_alpha));
  command.add_option_function<std::string>(
      "--rule", [&recipe](const std::string& name) { recipe.rule = enum_value<Rule>(name); },
      "the plan's rule: " + enum_list<Rule>() + ". Default: the method's");
}

}  // namespace

void add_units_explain(CLI::App& units) {
  CLI::App* command = units.add_subcommand(
      "explain", "What is known about a ranking's first units: tokens, pairs, effect");
  const auto options = std::make_shared<ExplainCommand>();
  ExplainOptions& explain = options->explain;
  command->add_option("ranking", explain.ranking, "ranking file of single units")
      ->required()
      ->check(CLI::ExistingFile);
  add_model_options(*command, explain.run);
  command->add_flag("--force", explain.force, "also with a model that it was not made for");
  command->add_option("--top", explain.top, "units to explain")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--tokens", explain.tokens, "tokens of each kind")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  add_pair_options(*command, explain);
  add_effect_options(*command, explain);
  add_json_option(*command, options->json);
  command->callback([options, &units] {
    refuse_listing_options(units);
    run_explain(*options);
  });
}

namespace {

struct UnitsCommand {
  std::filesystem::path ranking;
  std::filesystem::path cache;
  StabilityOptions stability;
  std::int64_t top = 100;
  bool json = false;
};

void run_units(const UnitsCommand& options) {
  const Ranking ranking = load_ranking(options.ranking);
  std::optional<Stability> stability;
  if (!options.cache.empty()) {
    stability = top_stability(ranking, ActivationCache(options.cache), options.stability);
  }
  if (options.json) return print_json(answer_json(ranking, options.top, stability));
  print_units(ranking, options.top);
  if (stability) print_stability(ranking, *stability);
}

}  // namespace

void refuse_listing_options(const CLI::App& units) {
  for (const CLI::Option* option : units.get_options()) {
    if (option->count() > 0) throw CLI::ExtrasError(units.get_name(), {option->get_name()});
  }
}

void add_units(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("units", "List the units of a ranking, explain them, compare rankings");
  const auto options = std::make_shared<UnitsCommand>();
  command->add_option("ranking", options->ranking, "ranking file to list")
      ->check(CLI::ExistingFile);
  command->add_option("--top", options->top, "units, or groups of them, to show")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  CLI::Option* cache =
      command
          ->add_option("--cache", options->cache,
                       "the cache that was ranked: also say whether its pairs, drawn again, would "
                       "give the same top units")
          ->check(CLI::ExistingDirectory);
  command->add_option("--k", options->stability.k, "units that the top has")
      ->capture_default_str()
      ->needs(cache);
  command
      ->add_option("--resamples", options->stability.resamples,
                   "samples of the pairs, and splits into halves")
      ->capture_default_str()
      ->needs(cache);
  command->add_option("--seed", options->stability.seed, "draws the samples")
      ->capture_default_str()
      ->needs(cache);
  add_json_option(*command, options->json);
  add_units_explain(*command);
  add_units_compare(*command);
  command->callback([options, command] {
    if (!command->get_subcommands().empty()) return;
    if (options->ranking.empty()) throw CLI::RequiredError("ranking");
    run_units(*options);
  });
}

}  // namespace austeer::app
