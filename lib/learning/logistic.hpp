#pragma once
// L2-regularised logistic regression, by L-BFGS (liblbfgs). Targets may be any probability, not
// only 0 and 1: the fit then minimises the cross-entropy with them, and is calibrated to them.

#include <ATen/ATen.h>
#include <span>
#include <vector>

#include "learning/sparse_rows.hpp"

namespace austeer {

struct LogisticModel {
  std::vector<double> weights;  ///< one per feature
  double intercept = 0;
};

/// The minimum over weights w and intercept b of
///   |w|^2 / 2 + c * sum over rows i of [log(1 + exp(z_i)) - targets[i] * z_i],  z_i = x_i w + b,
/// which is scikit-learn's objective: the intercept goes free. `features` [N, F] of any
/// floating-point type; all is computed in float64. The same input gives the same bits on one
/// machine and number of threads. `tolerance` bounds the distance from the minimum, relative to the
/// length of weights and intercept. Throws UsageError for no rows, targets outside [0, 1] or not
/// one per row, and c that is not positive; ComputeError when features are not finite or the
/// minimum is not found.
LogisticModel fit_logistic(const at::Tensor& features, std::span<const double> targets, double c,
                           double tolerance = 1e-6);
LogisticModel fit_logistic(const SparseRows& features, std::span<const double> targets, double c,
                           double tolerance = 1e-6);

/// 1 / (1 + exp(-logit)).
double sigmoid(double logit);

}  // namespace austeer
