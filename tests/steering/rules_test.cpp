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
