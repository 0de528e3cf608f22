#include "learning/logistic.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <fmt/format.h>
#include <functional>
#include <lbfgs.h>
#include <limits>
#include <memory>
#include <numbers>

#include "base/error.hpp"

namespace austeer {
namespace {

constexpr int most_iterations = 20000;
// Near the minimum a step changes the objective by less than its rounding, and the line search
// stops. The point is then as good as the objective can tell, which this gradient must confirm.
constexpr double largest_final_gradient = 1e-3;

using Vector = std::vector<double>;

/// What the objective asks of a feature matrix X [N, F].
struct Products {
  std::int64_t rows;
  std::int64_t columns;
  std::function<Vector(std::span<const double>)> times;             // w [F] to X w [N]
  std::function<Vector(std::span<const double>)> transposed_times;  // r [N] to X^T r [F]
};

at::Tensor as_tensor(std::span<const double> values) {
  return at::from_blob(const_cast<double*>(values.data()),
                       {static_cast<std::int64_t>(values.size())}, at::kDouble);
}

Vector as_vector(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<double>(), tensor.const_data_ptr<double>() + tensor.numel()};
}

/// log(cosh(y)) without overflow; a small one keeps its digits.
double log_cosh(double y) {
  const double size = std::abs(y);
  if (size > 1) return size + std::log1p(std::exp(-2 * size)) - std::numbers::ln2;
  const double sinh = std::sinh(size / 2);
  return std::log1p(2 * sinh * sinh);
}

class Objective {
 public:
  Objective(const Products& features, std::span<const double> targets, double c)
      : features_(features), targets_(targets), c_(c) {}

  /// The value at `point` (the weights, then the intercept) less that at 0, which would drown the
  /// last digits where the minimum is near; fills `gradient`.
  double evaluate(std::span<const double> point, std::span<double> gradient) const {
    const std::span<const double> weights = point.first(point.size() - 1);
    Vector residuals = features_.times(weights);
    double loss = 0;
    double residual_sum = 0;
    for (std::size_t i = 0; i < residuals.size(); ++i) {
      const double z = residuals[i] + point.back();
      loss += log_cosh(z / 2) + (0.5 - targets_[i]) * z;  // log(1 + exp(z)) - log(2) - target z
      residuals[i] = c_ * (sigmoid(z) - targets_[i]);
      residual_sum += residuals[i];
    }
    const Vector data_gradient = features_.transposed_times(residuals);
    double penalty = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      gradient[i] = weights[i] + data_gradient[i];
      penalty += weights[i] * weights[i];
    }
    gradient.back() = residual_sum;
    return penalty / 2 + c_ * loss;
  }

  /// liblbfgs calls this. An exception must not pass through its C code: it waits in `failure`.
  static lbfgsfloatval_t call(void* instance, const lbfgsfloatval_t* point,
                              lbfgsfloatval_t* gradient, int size, lbfgsfloatval_t) {
    auto& self = *static_cast<Objective*>(instance);
    const auto count = static_cast<std::size_t>(size);
    try {
      if (!self.failure) return self.evaluate({point, count}, {gradient, count});
    } catch (...) {
      self.failure = std::current_exception();
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  std::exception_ptr failure;

 private:
  const Products& features_;
  std::span<const double> targets_;
  double c_;
};

void check(const Products& features, std::span<const double> targets, double c) {
  if (features.rows < 1 || static_cast<std::int64_t>(targets.size()) != features.rows) {
    throw UsageError({"[logistic] targets do not belong to the features",
                      "one target a row, and at least one row",
                      fmt::format("{} targets, {} rows", targets.size(), features.rows), ""});
  }
  if (features.columns < 1 || features.columns >= std::numeric_limits<int>::max() - 16) {
    throw UsageError(
        {"[logistic] wrong number of features", "1 or more", std::to_string(features.columns), ""});
  }
  for (const double target : targets) {
    if (target >= 0 && target <= 1) continue;
    throw UsageError({"[logistic] a target is no probability", "a number from 0 to 1",
                      fmt::format("{}", target), ""});
  }
  if (!(c > 0) || !std::isfinite(c)) {
    throw UsageError(
        {"[logistic] wrong regularisation c", "a positive number", fmt::format("{}", c), ""});
  }
}

double length(std::span<const double> vector) {
  double squares = 0;
  for (const double value : vector) squares += value * value;
  return std::sqrt(squares);
}

/// Whether liblbfgs came to the minimum, by its `status` or as near as rounding allows.
bool is_minimum(int status, const Objective& objective, std::span<const double> point) {
  if (status == LBFGS_SUCCESS || status == LBFGS_ALREADY_MINIMIZED) return true;
  if (status != LBFGSERR_ROUNDING_ERROR && status != LBFGSERR_MINIMUMSTEP &&
      status != LBFGSERR_WIDTHTOOSMALL) {
    return false;
  }
  Vector gradient(point.size());
  objective.evaluate(point, gradient);
  return length(gradient) <= largest_final_gradient * std::max(1.0, length(point));
}

LogisticModel minimise(const Products& features, std::span<const double> targets, double c,
                       double tolerance) {
  check(features, targets, c);
  const auto size = static_cast<std::size_t>(features.columns) + 1;
  // liblbfgs wants its own aligned memory, which it fills with zeros: the start.
  const std::unique_ptr<lbfgsfloatval_t, void (*)(lbfgsfloatval_t*)> point(
      lbfgs_malloc(static_cast<int>(size)), lbfgs_free);
  if (!point) throw std::bad_alloc();

  lbfgs_parameter_t parameters;
  lbfgs_parameter_init(&parameters);
  parameters.m = 10;
  // The penalty alone makes the objective's curvature at least 1, so that weights at which the
  // gradient is this small, relative to them, are as near to the minimum.
  parameters.epsilon = tolerance;
  parameters.max_iterations = most_iterations;
  parameters.max_linesearch = 60;
  Objective objective(features, targets, c);
  const auto descend = [&] {
    const int status = lbfgs(static_cast<int>(size), point.get(), nullptr, &Objective::call,
                             nullptr, &objective, &parameters);
    if (objective.failure) std::rethrow_exception(objective.failure);
    return status;
  };
  if (const int status = descend(); !is_minimum(status, objective, {point.get(), size})) {
    throw ComputeError("logistic",
                       fmt::format("the minimum was not found (liblbfgs status {})", status),
                       "Features of mean 0 and similar spread, or a smaller c, help");
  }
  // liblbfgs takes lengths below 1 for 1: small weights get a second descent, from where they are,
  // to where rounding ends it at the latest.
  if (const double found = length({point.get(), size}); found > 0 && found < 1) {
    parameters.epsilon = tolerance * found;
    descend();
  }
  return {Vector(point.get(), point.get() + size - 1), point.get()[size - 1]};
}

}  // namespace

LogisticModel fit_logistic(const at::Tensor& features, std::span<const double> targets, double c,
                           double tolerance) {
  if (features.dim() != 2 || !at::isFloatingType(features.scalar_type())) {
    throw UsageError(
        {"[logistic] wrong features", "a matrix of floating-point numbers",
         fmt::format("{} dimensions of {}", features.dim(), at::toString(features.scalar_type())),
         ""});
  }
  if (!at::isfinite(features).all().item<bool>()) {
    throw ComputeError("logistic", "a feature is not finite");
  }
  const at::Tensor wide = features.to(at::kDouble);
  const at::Tensor transposed = wide.t();
  return minimise(
      {wide.size(0), wide.size(1),
       [&](std::span<const double> weights) { return as_vector(wide.mv(as_tensor(weights))); },
       [&](std::span<const double> residuals) {
         return as_vector(transposed.mv(as_tensor(residuals)));
       }},
      targets, c, tolerance);
}

LogisticModel fit_logistic(const SparseRows& features, std::span<const double> targets, double c,
                           double tolerance) {
  return minimise({features.rows(), features.columns(),
                   [&](std::span<const double> weights) {
                     Vector result;
                     for (std::int64_t i = 0; i < features.rows(); ++i) {
                       result.push_back(dot(features.row(i), weights));
                     }
                     return result;
                   },
                   [&](std::span<const double> residuals) {
                     Vector result(static_cast<std::size_t>(features.columns()));
                     for (std::int64_t i = 0; i < features.rows(); ++i) {
                       const double residual = residuals[static_cast<std::size_t>(i)];
                       for (const SparseElement& element : features.row(i)) {
                         result[element.column] += static_cast<double>(element.value) * residual;
                       }
                     }
                     return result;
                   }},
                  targets, c, tolerance);
}

double sigmoid(double logit) { return 1 / (1 + std::exp(-logit)); }

}  // namespace austeer
