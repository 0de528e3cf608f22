#pragma once
// STA, steering target atoms (arXiv 2505.20322): of a sparse autoencoder's atoms those are chosen
// that are more active, and more often active, in positive answers (or in negative ones); what they
// add to a layer's output, as long as CAA's vector, is added at every token.
//
// Where the paper and its code differ this follows the code: atoms are chosen at both ends, by
// magnitude with agreeing signs, and the decoder's bias is left out.

#include <ATen/ATen.h>
#include <cstdint>
#include <string>

#include "cache/reader.hpp"
#include "steering/momentum.hpp"
#include "steering/sparse_autoencoder.hpp"

namespace austeer {

/// How much more, and how much more often, each atom is active in positive answers than in negative
/// ones, over all pairs of a cache; each answer counts through its mean over its tokens. M: atoms,
/// D: width.
struct AnswerStatistics {
  at::Tensor difference;  ///< [M] float64, mean activation of positive minus negative answers
  at::Tensor frequency;   ///< [M] int64, positive minus negative answers with the atom active
  MomentumSums layer;     ///< of the layer's own D dims
};

/// Reads the answers' tokens of one layer of the model from the site `key`, shard by shard. Throws
/// UsageError for a site that does not hold all answer tokens, a layer that it does not keep and an
/// autoencoder of another width, ComputeError for activations that are not finite.
AnswerStatistics answer_statistics(const ActivationCache& cache, const std::string& key,
                                   std::int64_t layer, const SparseAutoencoder& autoencoder);

/// Which tests an atom must pass.
enum class AtomTests {
  both,        ///< of frequency and activation
  activation,  ///< |difference| among the largest
  frequency,   ///< |frequency| among the largest, where its sign is that of the difference
  all,         ///< none
};

/// The chosen atoms, bool [M]. `keep` is in (0, 1); the least value that passes a test is the one
/// with the index floor(keep M) of all in descending order. Where that is 0 every atom passes, one
/// whose signs disagree included, as in the published code.
at::Tensor chosen_atoms(const AnswerStatistics& statistics, double keep, AtomTests tests);

/// The steering vector [D], float64: the chosen atoms' differences times their decoder rows, scaled
/// to the norm of the mean momentum of the layer itself over `pairs`. Throws ComputeError where
/// either of them is 0.
at::Tensor sta_vector(const AnswerStatistics& statistics, const at::Tensor& chosen,
                      const at::Tensor& decoder, std::int64_t pairs);

}  // namespace austeer
