// The options of the method austeer, each against its definition written plainly in float64.

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <numeric>
#include <set>

#include "steering/ranking_methods.hpp"
#include "steering/rankings.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using namespace testing;

const std::vector<std::string> ffn = {"ffn"};

/// A cache of 23 pairs with answers of two classes, 10 and 13, and what the units do in it.
class AusteerOptions : public ::testing::Test {
 protected:
  static constexpr std::int64_t pairs = 23;
  static constexpr std::int64_t width = 40;

  AusteerOptions() {
    std::tie(positive_, negative_) = leaning_activations(pairs, width, 11);
    // Unit (1, 3) moves by the same in every pair; unit (2, 5) never does.
    positive_.select(1, 1).select(1, 3).round_();
    negative_.select(1, 1).select(1, 3).copy_(positive_.select(1, 1).select(1, 3) - 0.5);
    negative_.select(1, 2).select(1, 5).copy_(positive_.select(1, 2).select(1, 5));
    for (std::int64_t i = 0; i < pairs; ++i) classes_.push_back(i % 5 < 2 && i < 22 ? "no" : "yes");
    write_cache(folder_.path(), {{"ffn", positive_, negative_}}, 7, classes_);
    cache_.emplace(folder_.path());
  }

  Ranking rank(const Json& options) const { return rank_austeer(*cache_, ffn, options); }

  /// The momenta of a unit over the pairs for which `counts` holds.
  std::vector<double> momenta(
      const RankedUnit& unit,
      const std::function<bool(std::size_t)>& counts = [](std::size_t) { return true; }) const {
    std::vector<double> result;
    for (std::size_t i = 0; i < pairs; ++i) {
      const auto pair = static_cast<std::int64_t>(i);
      if (!counts(i)) continue;
      result.push_back(positive_[pair][unit.layer][unit.dim].item<float>() -
                       negative_[pair][unit.layer][unit.dim].item<float>());
    }
    return result;
  }

  /// Expects score and value of every unit, and that scores fall.
  void expect_units(const Ranking& ranking, const std::function<double(const RankedUnit&)>& score,
                    const std::function<double(const RankedUnit&)>& value) const {
    check_ranking(ranking, "test");
    for (const RankedUnit& unit : ranking.units) {
      EXPECT_NEAR(unit.score, score(unit), 1e-12 * (1 + unit.score))
          << unit.layer << ":" << unit.dim;
      EXPECT_NEAR(unit.value, value(unit), 1e-12) << unit.layer << ":" << unit.dim;
    }
  }

  TemporaryFolder folder_;
  at::Tensor positive_, negative_;
  std::vector<std::string> classes_;
  std::optional<ActivationCache> cache_;
};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double beta_of(const RankedUnit& unit) { return beta(unit, 23); }

TEST_F(AusteerOptions, Defaults) {
  const Ranking ranking = rank(Json::object());
  expect_units(
      ranking, [](const auto& unit) { return std::abs(beta_of(unit)); }, beta_of);
  EXPECT_EQ(
      ranking.options,
      (Json{{"score", "momentum"}, {"strength", "adaptive"}, {"value", "scale"}, {"stable", 0.0}}));
  EXPECT_EQ(ranking.rule, Rule::scale);
  EXPECT_EQ(ranking.positions, Positions::all);
}

TEST_F(AusteerOptions, Difference) {
  expect_units(
      rank({{"score", "difference"}}),
      [&](const auto& unit) { return std::abs(mean(momenta(unit))); }, beta_of);
}

TEST_F(AusteerOptions, Effect) {
  const Ranking ranking = rank({{"score", "effect"}});
  expect_units(
      ranking,
      [&](const auto& unit) {
        const std::vector<double> all = momenta(unit);
        double squares = 0;
        for (const double one : all) squares += (one - mean(all)) * (one - mean(all));
        const double deviation = std::sqrt(squares / static_cast<double>(all.size()));
        return deviation == 0 ? 0 : std::abs(mean(all)) / deviation;
      },
      beta_of);
  for (const RankedUnit& unit : ranking.units) {
    const bool constant = std::pair(unit.layer, unit.dim) == std::pair(1, 3) ||
                          std::pair(unit.layer, unit.dim) == std::pair(2, 5);
    EXPECT_EQ(unit.score == 0, constant) << unit.layer << ":" << unit.dim;
  }
}

TEST_F(AusteerOptions, Stratified) {
  const auto share = [&](const RankedUnit& unit) {
    double up = 0;
    double down = 0;
    for (const char* name : {"no", "yes"}) {
      const std::vector<double> of_class =
          momenta(unit, [&](std::size_t i) { return classes_[i] == name; });
      const auto n = static_cast<double>(of_class.size());
      up += std::ranges::count_if(of_class, [](double m) { return m > 0; }) / n / 2;
      down += std::ranges::count_if(of_class, [](double m) { return m < 0; }) / n / 2;
    }
    return up >= down ? up : -down;
  };
  expect_units(
      rank({{"score", "stratified"}}), [&](const auto& unit) { return std::abs(share(unit)); },
      share);
  expect_units(
      rank({{"score", "stratified"}, {"strength", "fixed"}}),
      [&](const auto& unit) { return std::abs(share(unit)); },
      [&](const auto& unit) { return share(unit) > 0   ? 1
                                     : share(unit) < 0 ? -1
                                                       : 0; });
  TemporaryFolder without;
  write_cache(without.path(), positive_, negative_, 7);
  expect_refusal<UsageError>(
      [&] {
        rank_austeer(ActivationCache(without.path()), ffn, {{"score", "stratified"}});
      },
      "its pairs have no answer classes");
}

TEST_F(AusteerOptions, RandomOrderIsDrawnWithTheSeed) {
  const Ranking ranking = rank({{"score", "random"}});
  check_ranking(ranking, "test");
  EXPECT_EQ(ranking.options.at("seed"), 0);
  EXPECT_EQ(ranking.units, rank({{"score", "random"}, {"seed", 0}}).units);
  const Ranking other = rank({{"score", "random"}, {"seed", 1}});
  std::map<int, int> layers;
  int same = 0;
  for (std::size_t i = 0; i < ranking.units.size(); ++i) {
    const RankedUnit& unit = ranking.units[i];
    EXPECT_EQ(unit.value, beta_of(unit));
    same += unit.dim == other.units[i].dim;
    if (i < 60) ++layers[unit.layer];
  }
  EXPECT_LT(same, 20) << "3 are expected by chance";
  EXPECT_EQ(layers.size(), 3U);
}

TEST_F(AusteerOptions, FixedStrengthKeepsTheSign) {
  expect_units(
      rank({{"strength", "fixed"}}), [](const auto& unit) { return std::abs(beta_of(unit)); },
      [](const auto& unit) { return beta_of(unit) > 0   ? 1
                                    : beta_of(unit) < 0 ? -1
                                                        : 0; });
}

TEST_F(AusteerOptions, VectorIsTheMeanMomentum) {
  const Ranking ranking = rank({{"value", "vector"}});
  expect_units(
      ranking, [](const auto& unit) { return std::abs(beta_of(unit)); },
      [&](const auto& unit) { return mean(momenta(unit)); });
  EXPECT_EQ(ranking.rule, Rule::add);
}

/// Of all pairs of a negative and a positive text those in which the first is higher, ties half.
TEST_F(AusteerOptions, AurocDampsWhatIsHigherInNegativeTexts) {
  const auto auroc = [&](const RankedUnit& unit) {
    const at::Tensor positive = positive_.select(1, unit.layer).select(1, unit.dim);
    const at::Tensor off =
        negative_.select(1, unit.layer).select(1, unit.dim).unsqueeze(1) - positive;
    return (off.sign().to(at::kDouble).mean().item<double>() + 1) / 2;
  };
  const Ranking ranking = rank({{"score", "auroc"}});
  const auto damping = [&](const auto& unit) { return -2 * std::max(0.0, auroc(unit) - 0.5); };
  expect_units(ranking, auroc, damping);
  EXPECT_EQ(ranking.rule, Rule::scale);
  EXPECT_EQ(ranking.alpha, 1);
  EXPECT_GT(ranking.units.front().score, 0.75);
  EXPECT_LT(ranking.units.back().score, 0.25);
  for (const RankedUnit& unit : ranking.units) EXPECT_EQ(unit.value<0, unit.score> 0.5);
  expect_units(rank({{"score", "auroc"}, {"strength", "fixed"}}), auroc,
               [&](const auto& unit) { return auroc(unit) > 0.5 ? -1 : 0; });
}

// Two positive and two negative texts: the p-values of scipy.stats.mannwhitneyu(negative, positive,
// method="asymptotic", use_continuity=False), with and without ties.
TEST(AusteerAuroc, TiesCountHalf) {
  const at::Tensor positive = at::tensor({1., 1., 5., 2.}, at::kFloat).view({2, 1, 2});
  const at::Tensor negative = at::tensor({3., 2., 4., 2.}, at::kFloat).view({2, 1, 2});
  TemporaryFolder folder;
  write_cache(folder.path(), positive, negative, 1);
  const auto units = rank_austeer(ActivationCache(folder.path()), ffn, {{"score", "auroc"}}).units;
  EXPECT_EQ(units[0].dim, 1);
  EXPECT_EQ(units[0].score, 0.75);
  EXPECT_NEAR(units[0].p_value, 0.31731050786291415, 1e-12);
  EXPECT_EQ(units[1].score, 0.5);
  EXPECT_EQ(units[1].p_value, 1);
  TemporaryFolder equal;
  write_cache(equal.path(), at::ones({3, 1, 2}), at::ones({3, 1, 2}), 2);
  for (const RankedUnit& unit :
       rank_austeer(ActivationCache(equal.path()), ffn, {{"score", "auroc"}}).units) {
    EXPECT_EQ(unit.score, 0.5);
    EXPECT_EQ(unit.value, 0);
    EXPECT_EQ(unit.p_value, 1);
  }
}

TEST_F(AusteerOptions, TransportMapsOneSideToTheOther) {
  // Unit (0, 1) is constant in negative texts, (0, 2) in positive ones.
  negative_.select(1, 0).select(1, 1).fill_(0.1);
  positive_.select(1, 0).select(1, 2).fill_(0.1);
  TemporaryFolder folder;
  write_cache(folder.path(), positive_, negative_, 7);
  const Ranking ranking =
      rank_austeer(ActivationCache(folder.path()), ffn, {{"value", "transport"}});
  check_ranking(ranking, "test");
  EXPECT_EQ(ranking.rule, Rule::transport);
  EXPECT_EQ(ranking.alpha, 1);
  for (const RankedUnit& unit : ranking.units) {
    const auto of_side = [&](const at::Tensor& side) {
      return side.select(1, unit.layer).select(1, unit.dim).to(at::kDouble);
    };
    const at::Tensor positive = of_side(positive_);
    const at::Tensor negative = of_side(negative_);
    const std::pair place(unit.layer, unit.dim);
    const std::string name = fmt::format("{}:{}", unit.layer, unit.dim);
    EXPECT_NEAR(unit.mean_activation + unit.mean_momentum / 2, positive.mean().item<double>(),
                1e-14)
        << name;
    if (place == std::pair(0, 1) || place == std::pair(2, 5)) {
      EXPECT_EQ(unit.value, 0) << name << ": no map, or one that changes nothing";
    } else if (place == std::pair(0, 2)) {
      EXPECT_EQ(unit.value, -1) << name;
    } else if (place == std::pair(1, 3)) {
      // The same deviation at another mean: a mere shift, which is an edit all the same.
      EXPECT_NE(unit.value, 0) << name;
      EXPECT_NEAR(unit.value, 0, 1e-12) << name;
    } else {
      const double factor =
          positive.std(0, false).item<double>() / negative.std(0, false).item<double>();
      EXPECT_NEAR(unit.value, factor - 1, 1e-12 * factor) << name;
    }
  }
}

TEST_F(AusteerOptions, UnstableUnitsAreNeverSteered) {
  const auto share = [&](const RankedUnit& unit) {
    const auto of_sides = [&](const std::function<bool(float)>& counts) {
      int count = 0;
      for (std::int64_t pair = 0; pair < pairs; ++pair) {
        count += counts(positive_[pair][unit.layer][unit.dim].item<float>());
        count += counts(negative_[pair][unit.layer][unit.dim].item<float>());
      }
      return count / (2.0 * pairs);
    };
    return std::max(of_sides([](float x) { return x > 0; }),
                    of_sides([](float x) { return x < 0; }));
  };
  const Ranking ranking = rank({{"stable", 0.75}});
  expect_units(
      ranking, [](const auto& unit) { return std::abs(beta_of(unit)); },
      [&](const auto& unit) { return share(unit) < 0.75 ? 0 : beta_of(unit); });
  const auto steered =
      std::ranges::count_if(ranking.units, [](const RankedUnit& unit) { return unit.value != 0; });
  EXPECT_GT(steered, 10);
  EXPECT_LT(steered, 100);
}

TEST_F(AusteerOptions, SeveralSitesAreRankedTogether) {
  TemporaryFolder folder;
  const auto [positive, negative] = leaning_activations(pairs, 16, 5);
  write_cache(folder.path(), {{"attention", positive, negative, 4}, {"ffn", positive_, negative_}},
              7);
  const ActivationCache cache(folder.path());
  const std::vector<std::string> both = {"attention", "ffn"};
  const Ranking ranking = rank_austeer(cache, both, Json::object());
  check_ranking(ranking, "test");
  EXPECT_EQ(ranking.sites, (std::vector<RankedSite>{{Site::attention, 16, 1}, {Site::ffn, 40, 1}}));
  EXPECT_EQ(ranking.units.size(), 3U * 56);
  // Each site's units are those of its own ranking, in the same order.
  for (std::int32_t i : {0, 1}) {
    std::vector<RankedUnit> of_site;
    for (RankedUnit unit : ranking.units) {
      if (unit.site != i) continue;
      unit.site = 0;
      of_site.push_back(unit);
    }
    const std::vector<std::string> one = {both[static_cast<std::size_t>(i)]};
    EXPECT_EQ(of_site, rank_austeer(cache, one, Json::object()).units);
  }
  const auto drawn = rank_austeer(cache, both, {{"score", "random"}}).units;
  std::set<int> first_sites;
  for (std::size_t i = 0; i < 30; ++i) first_sites.insert(drawn[i].site);
  EXPECT_EQ(first_sites.size(), 2U);
  const std::vector<std::string> twice = {"ffn", "ffn"};
  expect_refusal<UsageError>([&] { rank_austeer(cache, twice, Json::object()); },
                             "the site ffn is named twice");
  expect_refusal<UsageError>([&] { rank_austeer(cache, {}, Json::object()); }, "no site is named");
}

TEST_F(AusteerOptions, WrongOptionsAreRefused) {
  const auto refuse = [&](const Json& options, const std::string& message) {
    expect_refusal<UsageError>([&] { rank(options); }, message);
  };
  refuse({{"score", "momentun"}}, "unknown score 'momentun'. did you mean 'momentum'");
  refuse({{"score", 3}}, "the key 'score' has a wrong value; expected a text");
  refuse({{"strength", "big"}}, "unknown strength 'big'");
  refuse({{"value", "steps"}}, "unknown value 'steps'");
  refuse({{"value", "vector"}, {"strength", "fixed"}}, "strength: value=vector has the strength");
  refuse({{"value", "transport"}, {"strength", "fixed"}}, "value=transport has the strength");
  refuse({{"stable", 1.5}}, "stable is out of range; expected 0 to 1; found 1.5");
  refuse({{"stable", -0.1}}, "stable is out of range");
  refuse({{"stable", "often"}}, "expected a number");
  refuse({{"seed", 3}}, "only score=random");
  refuse({{"score", "random"}, {"seed", -1}}, "seed is out of range");
  refuse({{"score", "random"}, {"seed", 0.5}}, "a whole number");
  refuse({{"stabel", 0.5}}, "did you mean 'stable'");
}

}  // namespace
}  // namespace austeer
