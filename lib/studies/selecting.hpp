#pragma once
// Choosing a variant of a grid by what its answers are worth: all of them on all items, or a race
// in which those that fall behind meet no more items.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace austeer {

/// What a variant did on the items that it met, from the first one on.
struct Tried {
  std::vector<double> scores;      ///< per item
  std::string failed;              ///< why it could not be carried out; it never wins then
  std::vector<std::string> cells;  ///< keys of the evaluations

  double mean() const;
};

/// Evaluates the variants of these indices on the items [first, last), in the same order.
using TryVariants = std::function<std::vector<Tried>(std::span<const std::size_t> variants,
                                                     std::int64_t first, std::int64_t last)>;

struct Selected {
  std::vector<Tried> tried;         ///< one per variant
  std::optional<std::size_t> best;  ///< nothing where every variant failed
  std::int64_t evaluations = 0;     ///< variants times items that were answered
};

/// Every variant on all items; the highest mean wins, among equals the first.
Selected select_by_grid(std::size_t variants, std::int64_t items, const TryVariants& try_variants);

/// The fewest items of a race's first round, where there are so many: fewer tell variants apart by
/// luck alone.
inline constexpr std::int64_t least_first_round = 16;

/// How a race begins, and what it costs if every round keeps its third.
struct RaceSize {
  std::int64_t first = 0;        ///< items of the first round
  std::int64_t evaluations = 0;  ///< at most
  bool keeps_share = true;       ///< false: even the shortest first round takes more
};

/// A race of so many variants on so many items, with the longest first round that keeps within
/// `share` of the grid's evaluations, and at least `least_first_round` items.
RaceSize race_size(std::size_t variants, std::int64_t items, double share);

/// A race with at most `share` of the grid's evaluations (race_size): rounds of more and more
/// items, after each of which every variant is dropped that is significantly behind the best (exact
/// McNemar test on the same items, Holm-adjusted over the round's variants, 5 %), and the last of
/// the rest until a third of the round's are left, for whom the next round triples the items
/// (sequential halving, Karnin, Koren and Somekh, ICML 2013, by thirds: a longer first round).
/// Where equals stand at the cut, those stay that are spread evenly over the grid. The winner is
/// the best of those that met the most items, among equals the first.
Selected select_by_race(std::size_t variants, std::int64_t items, double share,
                        const TryVariants& try_variants);

}  // namespace austeer
