#pragma once
// STA, steering target atoms (arXiv 2505.20322): of a sparse autoencoder's atoms those are chosen
// that are more active, and more often active, in positive answers (or in negative ones); what they
// add to a layer's output, as long as CAA's vector, is added at every token.
//
// Where the paper and its code differ this follows the code: atoms are chosen at both ends, by
// magnitude with agreeing signs, and the decoder's bias is left out.

#include <ATen/ATen.h>
#include <span>
#include <string>
#include <vector>

#include "cache/reader.hpp"
#include "steering/ranking.hpp"
#include "steering/sta_statistics.hpp"

namespace austeer {

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

/// Options: `sae` (path, required), `layer` (default: the one that the autoencoder names, else the
/// only one that the cache keeps), `keep` (0.35), `atoms` (both, activation, frequency, all). The
/// one site named is `layer`; what is read is `layer.answer_all`. The autoencoder's layer has score
/// 1 and the vector as values, all others have 0. Throws UsageError, FormatError, FileError,
/// ComputeError.
Ranking rank_sta(const ActivationCache& cache, std::span<const std::string> sites,
                 const Json& options);

/// What rank_sta reads, and its checks of sites and options (methods.hpp).
std::vector<std::string> sta_reads(std::span<const std::string> sites, const Json& options);

}  // namespace austeer
