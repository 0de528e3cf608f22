// The split against tests/reference/scorers.py.

#include <gtest/gtest.h>
#include <set>

#include "scorer_reference.hpp"
#include "scorers/toxicity_fit.hpp"

namespace austeer {
namespace {

TEST(ToxicitySplit, EqualsReference) {
  const Json cases = testing::scorer_reference("split.json");
  ASSERT_GE(cases.size(), 200U);
  int held_out = 0;
  std::set<int> folds;
  for (const Json& one : cases) {
    const auto text = one.at("text").get<std::string>();
    const ToxicitySplit side = toxicity_split(text);
    EXPECT_EQ(side.held_out, one.at("held_out").get<bool>()) << text;
    EXPECT_EQ(side.fold, one.at("fold").get<int>()) << text;
    held_out += side.held_out;
    folds.insert(side.fold);
  }
  EXPECT_GT(held_out, 0);
  EXPECT_EQ(folds.size(), 5U);
}

TEST(ToxicitySplit, CaseAndSpaceDoNotMatter) {
  for (int i = 0; i < 20; ++i) {
    const ToxicitySplit plain = toxicity_split("one text " + std::to_string(i));
    const ToxicitySplit other = toxicity_split("\t ONE\n\nText " + std::to_string(i) + " ");
    EXPECT_EQ(plain.held_out, other.held_out);
    EXPECT_EQ(plain.fold, other.fold);
  }
}

}  // namespace
}  // namespace austeer
