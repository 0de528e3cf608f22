#include "studies/selecting.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <random>
#include <set>

namespace austeer {
namespace {

/// Made answers: variant v is right on item i or not.
struct Made {
  std::vector<std::vector<double>> right;  // [variants][items]
  std::set<std::size_t> failing;
  std::int64_t calls = 0;

  TryVariants tries() {
    return [this](std::span<const std::size_t> variants, std::int64_t first, std::int64_t last) {
      ++calls;
      std::vector<Tried> tried;
      for (const std::size_t v : variants) {
        if (failing.contains(v)) {
          tried.push_back({{}, "overflows", {"f"}});
          continue;
        }
        tried.push_back({{right[v].begin() + first, right[v].begin() + last}, "", {"c"}});
      }
      return tried;
    };
  }

  double mean(std::size_t v) const {
    return std::accumulate(right[v].begin(), right[v].end(), 0.0) /
           static_cast<double>(right[v].size());
  }
};

/// Variants whose answers agree with each other, as those of one model do: an item is right where
/// its difficulty, and a little of the variant's own, lies below the variant's skill.
Made made(const std::vector<double>& skills, std::size_t items, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<double> difficulty(items);
  for (double& d : difficulty) d = uniform(random);
  Made answers;
  for (const double skill : skills) {
    std::vector<double>& right = answers.right.emplace_back();
    for (const double d : difficulty) {
      right.push_back(d + 0.2 * (uniform(random) - 0.5) < skill ? 1 : 0);
    }
  }
  return answers;
}

TEST(SelectByGrid, TakesTheHighestMeanAndAmongEqualsTheFirst) {
  Made answers{{{0, 1, 0}, {1, 1, 0}, {0, 1, 1}}, {}, 0};
  const Selected selected = select_by_grid(3, 3, answers.tries());
  EXPECT_EQ(selected.best, 1U);
  EXPECT_EQ(selected.evaluations, 9);
  EXPECT_EQ(answers.calls, 1);
}

TEST(SelectByGrid, AVariantThatFailedNeverWins) {
  Made answers{{{1, 1}, {0, 1}}, {0}, 0};
  const Selected selected = select_by_grid(2, 2, answers.tries());
  EXPECT_EQ(selected.best, 1U);
  EXPECT_EQ(selected.tried[0].failed, "overflows");
  answers.failing = {0, 1};
  EXPECT_FALSE(select_by_grid(2, 2, answers.tries()).best);
}

TEST(SelectByRace, KeepsToItsShareOfTheGridOrSaysThatItCannot) {
  int kept = 0, beyond = 0;
  for (const std::size_t variants : {5U, 12U, 30U, 64U}) {
    for (const std::int64_t items : {60, 100, 300}) {
      for (const double share : {0.1, 0.2, 0.5}) {
        Made answers = made(std::vector<double>(variants, 0.5), static_cast<std::size_t>(items), 3);
        const Selected selected = select_by_race(variants, items, share, answers.tries());
        ASSERT_TRUE(selected.best);
        const RaceSize size = race_size(variants, items, share);
        EXPECT_LE(selected.evaluations, size.evaluations);
        const double allowed = share * static_cast<double>(variants) * static_cast<double>(items);
        EXPECT_EQ(static_cast<double>(size.evaluations) <= allowed, size.keeps_share)
            << variants << " variants, " << items << " items, share " << share;
        ++(size.keeps_share ? kept : beyond);
      }
    }
  }
  EXPECT_GT(kept, 10);
  EXPECT_GT(beyond, 5);
}

TEST(SelectByRace, TheFirstRoundHasSixteenItemsOrAllThatThereAre) {
  EXPECT_EQ(race_size(98, 100, 0.2).first, 16);
  EXPECT_FALSE(race_size(98, 100, 0.2).keeps_share);
  // 98 on 16 items, 33 of them on 32 more, 11 on the last 52.
  EXPECT_EQ(race_size(98, 100, 0.2).evaluations, 98 * 16 + 33 * 32 + 11 * 52);
  EXPECT_EQ(race_size(3, 2, 0.01).first, 2);
  EXPECT_GT(race_size(12, 300, 0.5).first, 16);
  EXPECT_TRUE(race_size(12, 300, 0.5).keeps_share);
  Made answers = made(std::vector<double>(40, 0.5), 100, 1);
  const Selected selected = select_by_race(40, 100, 0.05, answers.tries());
  for (const Tried& tried : selected.tried) EXPECT_GE(tried.scores.size(), 16U);
}

TEST(SelectByRace, FindsAClearWinner) {
  std::vector<double> skills(30, 0.4);
  skills[17] = 0.8;
  for (unsigned seed = 0; seed < 20; ++seed) {
    Made answers = made(skills, 100, seed);
    EXPECT_EQ(select_by_race(30, 100, 0.2, answers.tries()).best, 17U) << "seed " << seed;
  }
}

TEST(SelectByRace, LosesLittleWhereVariantsAreClose) {
  double lost = 0;
  constexpr int races = 50;
  for (unsigned seed = 0; seed < races; ++seed) {
    std::vector<double> skills;
    for (int i = 0; i < 30; ++i) skills.push_back(0.3 + 0.01 * ((i * 7) % 30));
    Made answers = made(skills, 200, seed);
    const auto best = select_by_race(30, 200, 0.2, answers.tries()).best;
    const auto full = select_by_grid(30, 200, answers.tries()).best;
    ASSERT_TRUE(best && full);
    lost += answers.mean(*full) - answers.mean(*best);
  }
  // One step of skill is 0.01; a variant drawn blindly would lose about 0.15.
  EXPECT_LT(lost / races, 0.03);
}

TEST(SelectByRace, WhereTheFirstItemsTellNobodyApartAllEndsOfTheGridGoOn) {
  // 30 variants that all miss the first 30 items; from there on the last third is right.
  std::vector<std::vector<double>> right(30, std::vector<double>(120, 0.0));
  for (std::size_t v = 20; v < 30; ++v) std::fill(right[v].begin() + 30, right[v].end(), 1.0);
  Made answers{right, {}, 0};
  const Selected selected = select_by_race(30, 120, 0.2, answers.tries());
  ASSERT_TRUE(selected.best);
  EXPECT_GE(*selected.best, 20U);
}

TEST(SelectByRace, DropsAtOnceWhatIsSignificantlyBehind) {
  std::vector<std::vector<double>> right(8, std::vector<double>(200, 0.0));
  right[5].assign(200, 1.0);
  Made answers{right, {}, 0};
  const Selected selected = select_by_race(8, 200, 0.5, answers.tries());
  EXPECT_EQ(selected.best, 5U);
  EXPECT_EQ(answers.calls, 1);  // after the first round nobody else was left
}

TEST(SelectByRace, WhatFailedIsTriedNoMore) {
  Made answers = made(std::vector<double>(6, 0.5), 50, 1);
  answers.failing = {0, 1};
  const Selected selected = select_by_race(6, 50, 0.5, answers.tries());
  ASSERT_TRUE(selected.best);
  EXPECT_GE(*selected.best, 2U);
  EXPECT_EQ(selected.tried[0].cells.size(), 1U);
}

}  // namespace
}  // namespace austeer
