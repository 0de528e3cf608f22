// Divergences against those of `transformers`, steered by hooks.

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "probe_reference.hpp"
#include "runs/prompts.hpp"
#include "runs/unit_probes.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::ProbeReference;

class UnitDivergenceOf : public ::testing::TestWithParam<const char*> {
 protected:
  /// Where each logit of P and Q may be wrong by `error`: to first order the divergence K moves by
  /// error * (sum |q - p| + sum p |log p/q - K|), of which the first sum is at most sqrt(2 K) and
  /// the second one 2 K + sqrt(2 K) (Pinsker); to second order by 2 error^2.
  double tolerance(double divergence) const {
    const double size = reference_.file.tensor("logit_size").item<double>();
    const double error = size * testing::float_tolerance(reference_.tiny.depth());
    return 2 * error * (divergence + std::sqrt(2 * divergence)) + 2 * error * error;
  }

  void expect_points(const std::vector<DivergencePoint>& points, const at::Tensor& expected,
                     const std::string& what) const {
    ASSERT_EQ(points.size(), reference_.strengths.size()) << what;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double wanted = expected[static_cast<std::int64_t>(i)].item<double>();
      EXPECT_EQ(points[i].strength, reference_.strengths[i]) << what;
      EXPECT_NEAR(points[i].divergence, wanted, tolerance(wanted))
          << what << " at " << points[i].strength;
    }
  }

  ProbeReference reference_{GetParam()};
};

TEST_P(UnitDivergenceOf, OfEachUnitAndEachPair) {
  const DivergenceReport report =
      unit_divergence(reference_.units, reference_.strengths, reference_.prompts, reference_.model);
  const std::size_t units = reference_.units.size();
  EXPECT_EQ(report.prompts, static_cast<std::int64_t>(reference_.prompts.size()));
  EXPECT_EQ(report.largest, 1e5);
  ASSERT_EQ(report.units.size(), units);
  ASSERT_EQ(report.pairs.size(), units * (units - 1) / 2);
  const at::Tensor own = reference_.file.tensor("divergence");         // [U, S]
  const at::Tensor pairs = reference_.file.tensor("pair_divergence");  // [U, U, S]
  std::size_t pair = 0;
  for (std::size_t i = 0; i < units; ++i) {
    const auto first = static_cast<std::int64_t>(i);
    EXPECT_EQ(report.units[i].unit, reference_.units[i]);
    EXPECT_EQ(report.units[i].points.back().divergence, 0);
    expect_points(report.units[i].points, own[first], unit_text(report.units[i].unit));
    for (std::size_t j = i + 1; j < units; ++j, ++pair) {
      const PairDivergence& found = report.pairs[pair];
      EXPECT_EQ(found.first, reference_.units[i]);
      EXPECT_EQ(found.second, reference_.units[j]);
      expect_points(found.points, pairs[first][static_cast<std::int64_t>(j)],
                    unit_text(found.first) + " and " + unit_text(found.second));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, UnitDivergenceOf, testing::probed_models,
                         testing::probed_model_name);

TEST(UnitDivergence, ComparesWithTheLargestStrengthWhereverItStands) {
  const ProbeReference reference("biases");
  const std::vector<double> strengths = {100, 1e5, 10};
  const auto report = unit_divergence(std::span(reference.units).first(1), strengths,
                                      std::span(reference.prompts).first(2), reference.model);
  const auto& points = report.units.front().points;
  EXPECT_EQ(report.largest, 1e5);
  EXPECT_EQ(report.prompts, 2);
  EXPECT_TRUE(report.pairs.empty());
  EXPECT_EQ(points[1].divergence, 0);
  EXPECT_GT(points[0].divergence, 0);
  EXPECT_GT(points[2].divergence, 0);
}

TEST(UnitDivergence, AsJson) {
  const UnitName a{Site::ffn, 1, 2};
  const UnitName b{Site::attention, 3, 4};
  const Json json = to_json(DivergenceReport{4, 10, {{a, {{10, 0}}}}, {{a, b, {{10, 0.5}}}}});
  EXPECT_EQ(json, parse_json(R"({"prompts": 4, "largest_strength": 10.0,
      "units": [{"unit": "ffn:1:2", "points": [{"strength": 10.0, "divergence": 0.0}]}],
      "pairs": [{"first": "ffn:1:2", "second": "attention:3:4",
                 "points": [{"strength": 10.0, "divergence": 0.5}]}]})",
                             "expected"));
}

TEST(UnitDivergence, RefusesWhatCannotBeCompared) {
  const ProbeReference reference("biases");
  const std::vector<double> strengths = {10};
  const auto refuse = [&](std::span<const double> some, std::span<const std::string> prompts,
                          const std::string& part) {
    expect_refusal<UsageError>(
        [&] { unit_divergence(reference.units, some, prompts, reference.model); }, part);
  };
  refuse({}, reference.prompts, "no strength");
  refuse(strengths, {}, "no prompt");
  for (const double strength : {1e39, std::numeric_limits<double>::quiet_NaN()}) {
    refuse({&strength, 1}, reference.prompts, "not finite");
  }
  expect_refusal<UsageError>(
      [&] { unit_divergence({}, strengths, reference.prompts, reference.model); }, "no unit");
  const double huge = 3e38;
  expect_refusal<ComputeError>(
      [&] {
        unit_divergence(reference.units, {&huge, 1}, reference.prompts, reference.model);
      },
      "the logits are NaN or infinite");
}

TEST(PromptChoice, IsEitherPromptsOrATask) {
  const RunOptions run{.datasets = AUSTEER_SOURCE_DIR "/datasets/samples"};
  EXPECT_EQ(choose_prompts({.prompts = {"a", "b"}}, run).prompts,
            (std::vector<std::string>{"a", "b"}));
  PromptChoice choice{.task = "copa", .limit = 3};
  EXPECT_EQ(choose_prompts(choice, run).items.size(), 3U);
  choice.prompts = {"a"};
  for (const PromptChoice& wrong : {choice, PromptChoice{}}) {
    expect_refusal<UsageError>([&] { choose_prompts(wrong, run); }, "either --prompt or --task");
  }
}

}  // namespace
}  // namespace austeer
