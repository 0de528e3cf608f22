#pragma once
// AUSteer (arXiv 2602.04428): rank units by how consistently their activation moves the same way
// from the negative to the positive text of a pair. Its ablations and what goes beyond the paper
// are options of the one method.

#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

/// The published method (section 3) without options: of N pairs, positive have a momentum above
/// zero and negative one below; the score is the larger of the two shares, the value beta(), that
/// share with its sign. Units of all layers, and of all `sites`, are ranked together.
///
/// Options:
///   score     momentum; difference: |mean momentum|; effect: that over the momentum's standard
///             deviation (population; 0 where there is none); stratified: as momentum, with the
///             shares taken per class of the right answer and averaged, and p-values by the
///             stratified sign test: a unit must agree in each class; random: an order drawn with
///             the option `seed` (default 0)
///   strength  adaptive: the value is beta, with `stratified` the stratified share with its sign;
///             fixed: only its sign
///   value     scale: as above, by the rule `scale`; vector: the mean momentum, by the rule `add`
///   stable    0 to 1: units of which fewer than this share of all texts have the activation of one
///             sign get the value 0
///
/// Throws UsageError for other options or ones that exclude each other, for a site that the cache
/// lacks or that is named twice, and for `stratified` where the pairs have no classes; ComputeError
/// for activations that are not finite.
Ranking rank_austeer(const ActivationCache& cache, std::span<const std::string> sites,
                     const Json& options);

/// What rank_austeer reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> austeer_reads(std::span<const std::string> sites, const Json& options);

}  // namespace austeer
