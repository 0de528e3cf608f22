// Plans made from a ranking by hand: which units, which values.

#include "steering/rules.hpp"

#include <gtest/gtest.h>
#include <limits>

#include "steering/rankings.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::small_ranking;

Edit edit(std::int64_t layer, Operation operation, std::vector<std::int64_t> dims,
          std::vector<float> values) {
  return {Site::ffn, layer, operation, std::move(dims), std::move(values)};
}

// small_ranking(), best first: (1,2) +.9, (0,1) -.8, (1,0) +.8, (0,0) +.5, (0,2) +.3, (1,1) 0;
// mean activations -2, 3, 1, 0, .1, -1.
TEST(Rules, Scale) {
  const Plan plan = plan_from_ranking(small_ranking(), 3, 10, Rule::scale);
  EXPECT_EQ(plan.edits, (std::vector<Edit>{edit(0, Operation::scale, {1}, {-8}),
                                           edit(1, Operation::scale, {0, 2}, {8, 9})}));
  EXPECT_EQ(plan.units(), 3);
}

TEST(Rules, Directed) {
  const Plan plan = plan_from_ranking(small_ranking(), 3, 10, Rule::directed);
  EXPECT_EQ(plan.edits, (std::vector<Edit>{edit(0, Operation::directed, {1}, {-8}),
                                           edit(1, Operation::directed, {0, 2}, {8, 9})}));
}

TEST(Rules, Oriented) {
  const Plan plan = plan_from_ranking(small_ranking(), 3, 10, Rule::oriented);
  EXPECT_EQ(plan.edits, (std::vector<Edit>{edit(0, Operation::scale, {1}, {-8}),
                                           edit(1, Operation::scale, {0, 2}, {8, -9})}));
  // The fourth unit has no usual sign: it counts, but is not edited.
  const Plan four = plan_from_ranking(small_ranking(), 4, 10, Rule::oriented);
  EXPECT_EQ(four.edits, plan.edits);
  EXPECT_EQ(four.provenance.at("units"), 3);
}

TEST(Rules, UnitsWithoutScoreNeverCount) {
  const Plan plan = plan_from_ranking(small_ranking(), 100, 1, Rule::scale);
  EXPECT_EQ(plan.edits, (std::vector<Edit>{edit(0, Operation::scale, {0, 1, 2}, {.5F, -.8F, .3F}),
                                           edit(1, Operation::scale, {0, 2}, {.8F, .9F})}));
  Ranking nothing = small_ranking();
  for (RankedUnit& unit : nothing.units) unit.beta = 0;
  EXPECT_EQ(plan_from_ranking(nothing, 5, 1, Rule::scale).units(), 0);
}

/// 40 units of one layer whose betas fall from 1 to 0.025.
Ranking many_units() {
  Ranking ranking = small_ranking();
  ranking.layers = 1;
  ranking.width = 40;
  ranking.units.clear();
  for (std::int32_t i = 0; i < 40; ++i) {
    RankedUnit unit;
    unit.dim = i;
    unit.beta = (40 - i) / 40.0;
    ranking.units.push_back(unit);
  }
  return ranking;
}

TEST(Rules, RandomUnitsAreAControlAtTheSameBudget) {
  const auto dims = [](std::uint64_t seed, std::int64_t k) {
    return plan_from_ranking(many_units(), k, 40, Rule::scale, seed).edits.at(0).dims;
  };
  EXPECT_EQ(dims(7, 5), dims(7, 5)) << "the same seed draws the same units";
  EXPECT_NE(dims(7, 5), dims(8, 5));
  EXPECT_EQ(dims(7, 5).size(), 5U);
  EXPECT_EQ(dims(7, 100).size(), 36U) << "all but the first tenth, each once";
  EXPECT_GE(dims(7, 100).front(), 4);
  const Plan plan = plan_from_ranking(many_units(), 5, 40, Rule::scale, 7);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_FLOAT_EQ(plan.edits[0].values[i], 40 - static_cast<float>(plan.edits[0].dims[i]))
        << "each has its own beta";
  }
  EXPECT_EQ(plan.provenance.at("random_seed"), 7);
  EXPECT_TRUE(
      plan_from_ranking(many_units(), 5, 40, Rule::scale).provenance.at("random_seed").is_null());
}

TEST(Rules, ProvenanceSaysWhereThePlanComesFrom) {
  const Json found = plan_from_ranking(small_ranking(), 2, 1.5, Rule::directed).provenance;
  EXPECT_EQ(found.at("site"), "ffn");
  EXPECT_EQ(found.at("k"), 2);
  EXPECT_EQ(found.at("alpha"), 1.5);
  EXPECT_EQ(found.at("rule"), "directed");
  EXPECT_EQ(found.at("ranking").at("method"), "austeer");
  EXPECT_EQ(found.at("ranking").at("pairs"), 10);
  EXPECT_EQ(found.at("ranking").at("provenance").at("cache_key"), "k1");
}

TEST(Rules, ImpossibleRequests) {
  const auto refuse = [](std::int64_t k, double alpha, const std::string& message) {
    expect_refusal<UsageError>([&] { plan_from_ranking(small_ranking(), k, alpha, Rule::scale); },
                               message);
  };
  refuse(0, 1, "expected k >= 1");
  refuse(-3, 1, "k = -3");
  refuse(1, std::numeric_limits<double>::quiet_NaN(), "alpha is not a number");
  refuse(1, std::numeric_limits<double>::infinity(), "found inf");
  refuse(1, 1e300, "beyond float32");
}

TEST(Rules, Names) {
  for (const Rule rule : {Rule::scale, Rule::directed, Rule::oriented}) {
    EXPECT_EQ(parse_rule(rule_name(rule)), rule);
  }
  expect_refusal<UsageError>([] { parse_rule("direct"); }, "did you mean 'directed'");
}

}  // namespace
}  // namespace austeer
