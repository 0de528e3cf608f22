// The fitted weights against minima that SciPy's Newton steps find (tests/reference/scorers.py).

#include "learning/logistic.hpp"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "base/error.hpp"
#include "reference.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

struct Problem {
  at::Tensor features;
  std::vector<double> targets;
  double c;
  at::Tensor minimum;  // the weights, then the intercept
};

Problem problem(const std::string& name) {
  const SafetensorsFile file = testing::reference_file("scorers/logistic.safetensors");
  const at::Tensor targets = file.tensor(name + ".targets").contiguous();
  return {file.tensor(name + ".features"),
          {targets.const_data_ptr<double>(), targets.const_data_ptr<double>() + targets.numel()},
          file.tensor(name + ".c").item<double>(),
          file.tensor(name + ".minimum")};
}

/// The distance from the minimum, relative to its length.
double distance(const LogisticModel& model, const at::Tensor& minimum) {
  std::vector<double> point = model.weights;
  point.push_back(model.intercept);
  const at::Tensor found = at::tensor(at::ArrayRef<double>(point), at::kDouble);
  return ((found - minimum).norm() / minimum.norm()).item<double>();
}

SparseRows sparse(const at::Tensor& features) {
  SparseRows rows(features.size(1));
  for (std::int64_t i = 0; i < features.size(0); ++i) {
    std::vector<SparseElement> row;
    for (std::int64_t j = 0; j < features.size(1); ++j) {
      const auto value = features[i][j].item<float>();
      if (value != 0) row.push_back({static_cast<std::uint32_t>(j), value});
    }
    rows.add(row);
  }
  return rows;
}

TEST(Logistic, FindsTheMinimum) {
  for (const std::string name : {"soft", "hard", "wide", "strong", "faint"}) {
    const Problem one = problem(name);
    EXPECT_LT(distance(fit_logistic(one.features, one.targets, one.c), one.minimum), 1e-6) << name;
  }
}

TEST(Logistic, SparseRowsGiveTheSame) {
  Problem one = problem("soft");
  const at::Tensor thinned =
      at::where(one.features.abs() > 0.5, one.features, at::zeros_like(one.features))
          .to(at::kFloat)
          .to(at::kDouble);
  const LogisticModel dense = fit_logistic(thinned, one.targets, one.c);
  const LogisticModel by_rows = fit_logistic(sparse(thinned), one.targets, one.c);
  ASSERT_EQ(dense.weights.size(), by_rows.weights.size());
  for (std::size_t i = 0; i < dense.weights.size(); ++i) {
    EXPECT_NEAR(dense.weights[i], by_rows.weights[i], 1e-6);
  }
  EXPECT_NEAR(dense.intercept, by_rows.intercept, 1e-6);
}

TEST(Logistic, SameInputGivesTheSameBits) {
  const Problem one = problem("wide");
  const LogisticModel first = fit_logistic(one.features, one.targets, one.c);
  const LogisticModel second = fit_logistic(one.features, one.targets, one.c);
  EXPECT_EQ(first.weights, second.weights);
  EXPECT_EQ(first.intercept, second.intercept);
}

TEST(Logistic, InterceptAloneGivesTheMeanTarget) {
  const LogisticModel model =
      fit_logistic(at::zeros({4, 2}, at::kDouble), std::vector<double>{0.1, 0.2, 0.3, 0.2}, 5);
  EXPECT_NEAR(sigmoid(model.intercept), 0.2, 1e-7);
  EXPECT_EQ(model.weights, (std::vector<double>{0, 0}));
}

TEST(Logistic, RefusesWhatItCannotFit) {
  const at::Tensor features = at::ones({2, 3}, at::kDouble);
  const std::vector<double> targets = {0, 1};
  expect_refusal<UsageError>([&] { fit_logistic(features, std::vector<double>{1}, 1); },
                             "targets do not belong to the features");
  expect_refusal<UsageError>(
      [&] {
        fit_logistic(features, std::vector<double>{0, 1.5}, 1);
      },
      "a target is no probability");
  expect_refusal<UsageError>(
      [&] {
        fit_logistic(features, std::vector<double>{0, NAN}, 1);
      },
      "a target is no probability");
  expect_refusal<UsageError>([&] { fit_logistic(features, targets, 0); }, "regularisation");
  expect_refusal<UsageError>([&] { fit_logistic(features.select(0, 0), targets, 1); },
                             "a matrix of floating-point numbers");
  at::Tensor broken = features.clone();
  broken[1][2] = std::numeric_limits<double>::infinity();
  expect_refusal<ComputeError>([&] { fit_logistic(broken, targets, 1); }, "not finite");
}

}  // namespace
}  // namespace austeer
