#pragma once
// What the tops of rankings have in common, beside what chance would give them.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "steering/ranking.hpp"

namespace austeer {

/// The top of a ranking, and of the ranking what must be equal for it to be compared.
struct RankingTop {
  std::vector<RankedSite> sites;
  std::int64_t layers = 0;
  std::int64_t groups = 0;  ///< in the whole ranking
  /// (site, layer, first dim) of each group at the top -> the values of its units.
  std::map<std::tuple<Site, std::int32_t, std::int32_t>, std::vector<double>> first;

  /// Whether its groups are single units, not heads or layers.
  bool has_single_units() const;
};

/// The first `k` groups of which a unit has a value, as a plan takes them; all where there are
/// fewer.
RankingTop top_of(const Ranking& ranking, std::int64_t k);

/// Why units of the two are not the same ones, "30 layers against 24", or nothing. The order of
/// sites does not count.
std::optional<std::string> shape_difference(const RankingTop& a, const RankingTop& b);

/// What two tops of k groups share.
struct Overlap {
  std::int64_t k = 0;
  std::int64_t shared = 0;
  double expected = 0;              ///< that two random choices share: k^2 / groups
  double p_value = 1;               ///< that these share so many or more (hypergeometric)
  std::int64_t same_direction = 0;  ///< shared ones whose values have a positive dot product

  double share() const { return static_cast<double>(shared) / static_cast<double>(k); }
};

/// The overlap of two tops. Throws UsageError where they are empty, of different sizes or of
/// rankings that differ in shape.
Overlap overlap_of(const RankingTop& a, const RankingTop& b);

/// Spearman's correlation of the scores of all groups of two rankings of the same shape; those of
/// single units carry the sign of the unit's value, 0 without a value. Nothing where all scores of
/// a ranking are equal.
std::optional<double> score_correlation(const Ranking& a, const Ranking& b);

struct NamedRanking {
  std::string name;  ///< for messages: its file
  Ranking ranking;
};

/// Two of a list of rankings, by their indices.
struct RankingComparison {
  std::size_t first = 0;
  std::size_t second = 0;
  Overlap overlap;
  std::optional<double> correlation;
};

/// Each ranking against each later one. Throws UsageError for fewer than two, k < 1, a ranking with
/// fewer than k groups that have a value, and for rankings of different shapes, naming both.
std::vector<RankingComparison> compare_rankings(std::span<const NamedRanking> rankings,
                                                std::int64_t k);

/// {"k", "choices": groups of a ranking, "rankings": [name], "comparisons": [{"first", "second",
/// "shared", "share", "expected", "p_value", "same_direction", "rank_correlation"}]} of what
/// compare_rankings() found.
Json answer_json(std::span<const NamedRanking> rankings,
                 std::span<const RankingComparison> comparisons, std::int64_t k);

}  // namespace austeer
