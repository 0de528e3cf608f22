// austeer units compare: what the tops of rankings have in common.

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

#include "json_output.hpp"
#include "steering/overlap.hpp"
#include "units_options.hpp"

namespace austeer::app {
namespace {

struct CompareCommand {
  std::vector<std::filesystem::path> files;
  std::int64_t k = 100;
  bool json = false;
};

Json comparisons_json(const std::vector<NamedRanking>& rankings,
                      const std::vector<RankingComparison>& comparisons) {
  Json json = Json::array();
  for (const RankingComparison& one : comparisons) {
    const Overlap& overlap = one.overlap;
    json.push_back(
        {{"first", rankings[one.first].name},
         {"second", rankings[one.second].name},
         {"shared", overlap.shared},
         {"share", overlap.share()},
         {"expected", overlap.expected},
         {"p_value", overlap.p_value},
         {"same_direction", overlap.same_direction},
         {"rank_correlation", one.correlation ? Json(*one.correlation) : Json(nullptr)}});
  }
  return json;
}

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
  const RankingTop top = top_of(rankings.front().ranking, options.k);
  if (options.json) {
    Json files = Json::array();
    for (const NamedRanking& ranking : rankings) files.push_back(ranking.name);
    return print_json({{"k", options.k},
                       {"choices", top.groups},
                       {"rankings", files},
                       {"comparisons", comparisons_json(rankings, comparisons)}});
  }
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

}  // namespace austeer::app
