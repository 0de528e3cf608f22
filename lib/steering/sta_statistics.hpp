#pragma once
// What a sparse autoencoder says of the answers in a cache: how much more, and how much more often,
// each atom is active in positive answers than in negative ones.

#include <ATen/ATen.h>
#include <cstdint>
#include <string>

#include "cache/reader.hpp"
#include "steering/momentum.hpp"
#include "steering/sparse_autoencoder.hpp"

namespace austeer {

/// Over all pairs of a cache; each answer counts through its mean over its tokens. M: atoms, D:
/// width.
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

}  // namespace austeer
