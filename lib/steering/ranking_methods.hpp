#pragma once
// The methods that score units: each makes a ranking of a cache.

#include <ATen/ATen.h>
#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"

namespace austeer {

// AUSteer (arXiv 2602.04428): rank units by how consistently their activation moves the same way
// from the negative to the positive text of a pair. Its ablations and what goes beyond the paper
// are options of the one method.

/// The published method (section 3) without options: of N pairs, positive have a momentum above
/// zero and negative one below; the score is the larger of the two shares, the value beta(), that
/// share with its sign. Units of all layers, and of all `sites`, are ranked together.
///
/// Options:
///   score     momentum; difference: |mean momentum|; effect: that over the momentum's standard
///             deviation (population; 0 where there is none); stratified: as momentum, with the
///             shares taken per class of the right answer and averaged, and p-values by the
///             stratified sign test: a unit must agree in each class; auroc: AurA (below); random:
///             an order drawn with the option `seed` (default 0)
///   strength  adaptive: the value is beta, with `stratified` the stratified share with its sign;
///             fixed: only its sign
///   value     scale: as above, by the rule `scale`; vector: the mean momentum, by the rule `add`;
///             transport: Linear-AcT (below), by the rule `transport`
///   stable    0 to 1: units of which fewer than this share of all texts have the activation of one
///             sign get the value 0
///
/// AurA (Suau et al., arXiv 2407.12824) damps what tells the texts of a concept from others, here
/// the negative texts from the positive ones. The score is the AUROC of a unit's activation for
/// that (rank_sum.hpp), with the p-values of the rank-sum test; the value is -2 (AUROC - 1/2) where
/// the AUROC is above 1/2, and 0, no edit, elsewhere: units that are higher in positive texts come
/// last, and are never touched. At the strength 1, the default, the rule `scale` is then AurA's
/// x <- (1 - 2 (AUROC - 1/2)) x, for all such units where k is as large; with `fixed` it is Det0's
/// x <- 0. The published method takes the largest activation of a sentence, at the outputs of the
/// linear layers of the FFN; here it is the activation at the position that was cached, at any
/// site.
///
/// Linear-AcT (Rodriguez et al., arXiv 2410.23054) maps each unit's distribution over negative
/// texts to that over positive ones: x <- a x + b, a = deviation+ / deviation- (population), b =
/// mean+ - a mean-. The value is a - 1; 0, no edit, where deviation- is 0, and for the map that
/// changes nothing. The published a is the least-squares slope of sorted samples, the same where
/// the distributions differ by place and width alone; it estimates layer after layer with the
/// earlier ones steered, and averages over tokens.
///
/// Throws UsageError for other options or ones that exclude each other, for a site that the cache
/// lacks or that is named twice, and for `stratified` where the pairs have no classes; ComputeError
/// for activations that are not finite.
Ranking rank_austeer(const ActivationCache& cache, std::span<const std::string> sites,
                     const Json& options);

/// What rank_austeer reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> austeer_reads(std::span<const std::string> sites, const Json& options);

// CAA (Rimsky et al., arXiv 2312.06681): add the mean difference of a layer's output between the
// positive and the negative texts.

/// One group per layer, whose values are the mean momentum: added to the layer's output from the
/// prompt's last token on. The source chooses the layer by a sweep (a plan's `layer`); here layers
/// are ordered by the mean of their momenta along the mean momentum's direction over its standard
/// deviation (population; 0 where there is none).
///
/// Options:
///   positions  last: the texts' last tokens; answer_mean: the mean over the answer's tokens, which
///              the cache must hold
///   units      all: whole layers; effect: groups of one unit by their |mean momentum| over the
///              momentum's standard deviation, added at all positions: the ranking of austeer with
///              score=effect, value=vector. With a plan's `layer` it is CAA restricted to k units
///
/// `sites`: layer alone. Throws UsageError for other options and
/// sites, ComputeError for activations that are not finite.
Ranking rank_caa(const ActivationCache& cache, std::span<const std::string> sites,
                 const Json& options);

/// What rank_caa reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> caa_reads(std::span<const std::string> sites, const Json& options);

// ITI (Li et al., arXiv 2306.03341): probe every attention head for what tells positive from
// negative texts, and shift the heads whose probes are right most often.

/// One group per head. The score is the accuracy of the head's probe, an L2 logistic regression
/// with C = 1 on raw activations (positive texts 1, negative 0), on every fifth pair, which its
/// training leaves out. A value is sigma theta: theta the direction, of length 1, and sigma the
/// standard deviation (population) of all texts' activations along it. Values are added from the
/// prompt's last token on.
///
/// Option `direction`: mass_mean: from the mean of the negative to that of the positive texts;
/// probe: the probe's weights. `sites`: attention alone. Throws UsageError for other options and
/// sites and for fewer than five pairs, ComputeError for activations that are not finite.
Ranking rank_iti(const ActivationCache& cache, std::span<const std::string> sites,
                 const Json& options);

/// What rank_iti reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> iti_reads(std::span<const std::string> sites, const Json& options);

// SADI (Wang et al., arXiv 2410.12299): scale the heads, neurons or dimensions whose activation is
// on average the highest in positive texts against negative ones.

/// The site decides the variant: attention, heads; ffn_gate, neurons; ffn, hidden dimensions. The
/// score of a group is its mean momentum, signed: the largest come first, whatever the size of
/// negative ones. All values are 1, scaled by the plan's strength at the prompt's last token.
///
/// Option `mode`: live: in the one pass, x <- x (1 + alpha); reference: as the published code does,
/// whole sites are overwritten by what an unsteered pass computed there, the chosen units times
/// 1 + alpha (rule clamp). Throws UsageError for other options and sites, ComputeError for
/// activations that are not finite.
Ranking rank_sadi(const ActivationCache& cache, std::span<const std::string> sites,
                  const Json& options);

/// What rank_sadi reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> sadi_reads(std::span<const std::string> sites, const Json& options);

// STA, steering target atoms (sta.hpp).

/// Options: `sae` (path, required), `layer` (default: the one that the autoencoder names, else the
/// only one that the cache keeps), `keep` (0.35), `atoms` (both, activation, frequency, all). The
/// one site named is `layer`; what is read is `layer@answer_all`. The autoencoder's layer has score
/// 1 and the vector as values, all others have 0. Throws UsageError, FormatError, FileError,
/// ComputeError.
Ranking rank_sta(const ActivationCache& cache, std::span<const std::string> sites,
                 const Json& options);

/// What rank_sta reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> sta_reads(std::span<const std::string> sites, const Json& options);

}  // namespace austeer
