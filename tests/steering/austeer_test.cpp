// The method against its definition, written a second time as plainly as possible: one unit at a
// time, sums in long double, std::stable_sort.

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "statistics/sign_test.hpp"
#include "steering/methods.hpp"
#include "steering/ranking_methods.hpp"
#include "steering/rankings.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::TemporaryFolder;
using testing::write_cache;

const std::vector<std::string> ffn_site = {"ffn"};
const std::vector<std::string> layer_site = {"layer"};

struct PlainUnit {
  std::int64_t layer, dim;
  int positive = 0, negative = 0;
  double beta = 0;
  long double momentum = 0, momentum_size = 0, activation = 0, magnitude = 0;
};

/// The paper's section 3: r+ and r- as shares of all pairs, score their maximum, sign by the
/// larger, ties positive; descending score, stable over layers and dims.
std::vector<PlainUnit> plain_ranking(const at::Tensor& positive, const at::Tensor& negative) {
  const at::Tensor p = positive.to(at::kDouble);
  const at::Tensor n = negative.to(at::kDouble);
  const auto with = p.accessor<double, 3>();
  const auto without = n.accessor<double, 3>();
  const std::int64_t pairs = p.size(0);
  std::vector<PlainUnit> units;
  for (std::int64_t layer = 0; layer < p.size(1); ++layer) {
    for (std::int64_t dim = 0; dim < p.size(2); ++dim) {
      PlainUnit unit{.layer = layer, .dim = dim};
      for (std::int64_t j = 0; j < pairs; ++j) {
        const double a = with[j][layer][dim];
        const double b = without[j][layer][dim];
        unit.positive += a > b;
        unit.negative += a < b;
        unit.momentum += a - b;
        unit.momentum_size += std::abs(a - b);
        unit.activation += a + b;
        unit.magnitude += std::abs(a) + std::abs(b);
      }
      const double up = unit.positive / static_cast<double>(pairs);
      const double down = unit.negative / static_cast<double>(pairs);
      unit.beta = up >= down ? up : -down;
      units.push_back(unit);
    }
  }
  std::stable_sort(units.begin(), units.end(), [](const PlainUnit& a, const PlainUnit& b) {
    return std::abs(a.beta) > std::abs(b.beta);
  });
  return units;
}

/// Random activations of 45 pairs, with units that never move, units that move in few pairs, units
/// whose directions balance exactly, values near the smallest and the largest of the dtype.
std::pair<at::Tensor, at::Tensor> random_activations(at::ScalarType dtype, std::int64_t width) {
  at::manual_seed(5);
  const std::int64_t pairs = 45;
  at::Tensor positive = at::randn({pairs, 3, width}) + at::randn({1, 3, width});
  at::Tensor negative = positive + at::randn({pairs, 3, width}) * at::rand({1, 3, width});
  negative.select(2, 1).copy_(positive.select(2, 1));
  negative.select(2, 4).narrow(0, 0, 40).copy_(positive.select(2, 4).narrow(0, 0, 40));
  negative.select(2, 7).copy_(positive.select(2, 7));
  negative.select(2, 7).narrow(0, 0, 10).add_(1);
  negative.select(2, 7).narrow(0, 10, 10).sub_(1);
  positive.select(2, 8).mul_(6e-8);  // subnormal in float16
  negative.select(2, 8).mul_(6e-8);
  positive.select(2, 9).mul_(1e4);
  negative.select(2, 9).mul_(1e4);
  positive.select(2, 10).copy_(negative.select(2, 10) + 3);  // agrees in every pair
  return {positive.to(dtype), negative.to(dtype)};
}

void expect_equal_to_plain(const Ranking& ranking, const std::vector<PlainUnit>& plain) {
  ASSERT_EQ(ranking.units.size(), plain.size());
  const auto n = static_cast<double>(ranking.pairs);
  // Seven float32 additions in a group of eight pairs; see momentum.cpp.
  const double bound = 7 * std::ldexp(1.0, -24);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    SCOPED_TRACE("rank " + std::to_string(i));
    const RankedUnit& unit = ranking.units[i];
    ASSERT_EQ(unit.layer, plain[i].layer);
    ASSERT_EQ(unit.dim, plain[i].dim);
    EXPECT_EQ(unit.positive, plain[i].positive);
    EXPECT_EQ(unit.negative, plain[i].negative);
    EXPECT_EQ(unit.score, std::abs(plain[i].beta));
    EXPECT_EQ(unit.value, plain[i].beta);
    EXPECT_EQ(beta(unit, ranking.pairs), plain[i].beta);
    EXPECT_EQ(unit.p_value, sign_test_p_value(unit.positive, unit.negative));
    // Each momentum is itself rounded to float32 once, hence 8 instead of 7.
    EXPECT_LE(std::abs(unit.mean_momentum - static_cast<double>(plain[i].momentum) / n),
              bound * 8 / 7 * static_cast<double>(plain[i].momentum_size) / n);
    EXPECT_LE(std::abs(unit.mean_activation - static_cast<double>(plain[i].activation) / (2 * n)),
              bound * 8 / 7 * static_cast<double>(plain[i].magnitude) / (2 * n));
    EXPECT_LE(std::abs(unit.magnitude - static_cast<double>(plain[i].magnitude) / (2 * n)),
              bound * 8 / 7 * static_cast<double>(plain[i].magnitude) / (2 * n));
  }
}

TEST(Austeer, EqualsThePlainDefinition) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    // Fewer units than the kernel's block, exactly one, and several with a rest.
    for (const std::int64_t width : {11, 131, 1024, 3000}) {
      SCOPED_TRACE(std::string(c10::toString(dtype)) + ", width " + std::to_string(width));
      const auto [positive, negative] = random_activations(dtype, width);
      TemporaryFolder folder;
      write_cache(folder.path(), positive, negative, 13);
      const Ranking ranking =
          rank_austeer(ActivationCache(folder.path()), ffn_site, Json::object());
      check_ranking(ranking, "test");
      expect_equal_to_plain(ranking, plain_ranking(positive, negative));
    }
  }
}

TEST(Austeer, PlantedUnitsAreWhereTheyBelong) {
  const auto [positive, negative] = random_activations(at::kBFloat16, 131);
  TemporaryFolder folder;
  write_cache(folder.path(), positive, negative, 13);
  const ActivationCache cache(folder.path());
  const Ranking ranking = rank_austeer(cache, ffn_site, Json::object());
  // Three layers of dim 10 move up in every pair, three of dim 1 never move.
  for (int layer = 0; layer < 3; ++layer) {
    const RankedUnit& best = ranking.units[static_cast<std::size_t>(layer)];
    EXPECT_EQ(std::pair(best.layer, best.dim), std::pair(layer, 10));
    EXPECT_EQ(best.value, 1.0);
    const RankedUnit& last =
        ranking.units[ranking.units.size() - 3 + static_cast<std::size_t>(layer)];
    EXPECT_EQ(std::pair(last.layer, last.dim), std::pair(layer, 1));
    EXPECT_EQ(last.value, 0.0);
    EXPECT_EQ(last.p_value, 1.0);
  }
  // The directions of dim 7 balance: the tie counts as positive.
  for (const RankedUnit& unit : ranking.units) {
    if (unit.dim != 7) continue;
    EXPECT_EQ(unit.positive, 10);
    EXPECT_EQ(unit.negative, 10);
    EXPECT_EQ(unit.value, 10.0 / 45);
  }
  EXPECT_EQ(ranking.method, "austeer");
  EXPECT_EQ(ranking.provenance.at("cache_keys").at("ffn"), cache.key("ffn"));
  EXPECT_EQ(ranking.provenance.at("fingerprints").at("model"), "m1");
  EXPECT_EQ(ranking.provenance.at("dtype"), "bfloat16");
}

TEST(Austeer, ShardSizeDoesNotChangeCounts) {
  const auto [positive, negative] = random_activations(at::kFloat, 70);
  std::vector<std::pair<int, int>> first;
  for (const std::int64_t pairs_per_shard : {1, 8, 45}) {
    TemporaryFolder folder;
    write_cache(folder.path(), positive, negative, pairs_per_shard);
    std::vector<std::pair<int, int>> counts;
    for (const RankedUnit& unit :
         rank_austeer(ActivationCache(folder.path()), ffn_site, Json::object()).units) {
      counts.emplace_back(unit.positive, unit.negative);
    }
    if (first.empty()) first = counts;
    EXPECT_EQ(counts, first);
  }
}

TEST(Austeer, DamagedActivationsAreNamed) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    for (const double value : {infinity, -infinity, std::nan("")}) {
      const auto [positive, negative] = random_activations(dtype, 20);
      TemporaryFolder folder;
      write_cache(folder.path(), positive, negative, 45);
      // Past the writer's own check: the value is planted in the finished file, at layer 2, dim 6
      // of the last pair of `negative`, the file's last tensor.
      const at::Tensor planted = at::full({1}, value, dtype);
      std::string bytes = read_file(folder / shard_name(0));
      bytes.replace(bytes.size() - 14 * planted.nbytes(), planted.nbytes(),
                    static_cast<const char*>(planted.const_data_ptr()), planted.nbytes());
      write_file(folder / shard_name(0), bytes);
      const ActivationCache cache(folder.path());
      expect_refusal<ComputeError>([&] { rank_austeer(cache, ffn_site, Json::object()); },
                                   "site ffn, layer 2, dim 6 are not finite");
    }
  }
}

TEST(Methods, ByNameWithStrictOptions) {
  const auto [positive, negative] = random_activations(at::kFloat, 20);
  TemporaryFolder folder;
  write_cache(folder.path(), positive, negative, 45);
  const ActivationCache cache(folder.path());
  const auto rank = methods().get("austeer").rank;
  EXPECT_EQ(rank(cache, ffn_site, Json::object()), rank_austeer(cache, ffn_site, Json::object()));
  expect_refusal<UsageError>(
      [&] {
        rank(cache, ffn_site, {{"scores", 3}});
      },
      "method austeer: unknown key 'scores'. did you mean 'score'");
  expect_refusal<UsageError>([&] { rank(cache, ffn_site, Json::array()); }, "an object");
  expect_refusal<UsageError>([&] { rank(cache, layer_site, Json::object()); },
                             "has no site 'layer'");
  expect_refusal<UsageError>([] { methods().get("austere"); }, "did you mean 'austeer'");
}

}  // namespace
}  // namespace austeer
