// The file of a ranking: round trip, and the refusal of every way in which it could lie.

#include "steering/ranking.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <limits>

#include "base/files.hpp"
#include "steering/rankings.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;
using testing::ranking_of_heads;
using testing::small_ranking;
using testing::TemporaryFolder;

/// Two sites of different widths in one order.
Ranking two_sites() {
  Ranking ranking = small_ranking();
  ranking.layers = 1;
  ranking.sites = {{Site::attention, 2, 1}, {Site::ffn, 1, 1}};
  ranking.rule = Rule::oriented;
  ranking.positions = Positions::last;
  ranking.alpha = 0.5;
  ranking.options = {{"score", "effect"}};
  ranking.units.resize(3);
  ranking.units[0].site = 1;
  ranking.units[0].layer = ranking.units[0].dim = 0;
  ranking.units[1].site = ranking.units[2].site = 0;
  ranking.units[1].layer = ranking.units[2].layer = 0;
  ranking.units[1].dim = 0;
  ranking.units[2].dim = 1;
  return ranking;
}

TEST(RankingFile, RoundTrip) {
  TemporaryFolder folder;
  for (const Ranking& ranking : {small_ranking(), two_sites(), ranking_of_heads(2, 3)}) {
    save_ranking(ranking, folder / "a.safetensors");
    EXPECT_EQ(load_ranking(folder / "a.safetensors"), ranking);
    EXPECT_TRUE(is_ranking_file(folder / "a.safetensors"));
    save_ranking(ranking, folder / "b.safetensors");
    EXPECT_EQ(read_file(folder / "a.safetensors"), read_file(folder / "b.safetensors"));
  }
  expect_refusal<FileError>([&] { load_ranking(folder / "none"); }, "none");
}

TEST(Ranking, BetaIsTheLargerShareWithItsSign) {
  RankedUnit unit;
  const auto beta_of = [&](int positive, int negative) {
    unit.positive = positive;
    unit.negative = negative;
    return beta(unit, 10);
  };
  EXPECT_EQ(beta_of(6, 2), 0.6);
  EXPECT_EQ(beta_of(2, 6), -0.6);
  EXPECT_EQ(beta_of(5, 5), 0.5);
  EXPECT_EQ(beta_of(0, 0), 0);
}

TEST(Ranking, GroupsAreRunsOfUnits) {
  const Ranking ranking = ranking_of_heads(2, 3);
  const auto groups = groups_of(ranking);
  ASSERT_EQ(groups.size(), 6U);
  EXPECT_EQ(groups[3].data(), &ranking.units[6]);
  EXPECT_EQ(groups[3].size(), 2U);
  EXPECT_EQ(groups_of(small_ranking()).size(), 6U);
  EXPECT_EQ(site_names(two_sites()), "attention,ffn");
  EXPECT_EQ(units_per_layer(two_sites()), 3);
}

TEST(RankingFile, ImpossibleRankingsAreNeitherSavedNorPassed) {
  TemporaryFolder folder;
  const auto refuse = [&](const std::function<void(Ranking&)>& change, const std::string& message) {
    Ranking ranking = small_ranking();
    change(ranking);
    expect_refusal<FormatError>([&] { save_ranking(ranking, folder / "r"); }, message);
  };
  const double infinity = std::numeric_limits<double>::infinity();
  refuse([](auto& r) { std::swap(r.units[1], r.units[2]); }, "rank 2 (layer 0, dim 1) is out of");
  refuse([](auto& r) { std::swap(r.units[0], r.units[1]); }, "rank 1 (layer 1, dim 2) is out of");
  refuse([](auto& r) { r.units[5] = r.units[4]; }, "rank 5 (layer 0, dim 2) stands twice");
  refuse([](auto& r) { r.units.pop_back(); }, "a ranking holds every unit; expected 6; found 5");
  refuse([](auto& r) { r.units[3].layer = 2; }, "lies outside the model");
  refuse([](auto& r) { r.units[3].dim = -1; }, "lies outside the model");
  refuse([](auto& r) { r.units[3].site = 1; }, "lies outside the model");
  refuse([](auto& r) { r.units[3].site = -1; }, "lies outside the model");
  refuse([](auto& r) { r.units[0].positive = 10; }, "rank 0 (layer 1, dim 2) has counts");
  refuse([](auto& r) { r.units[0].negative = -1; }, "has counts");
  refuse([&](auto& r) { r.units[0].score = infinity; }, "not finite");
  refuse([&](auto& r) { r.units[0].value = -infinity; }, "not finite");
  refuse([](auto& r) { r.units[4].mean_momentum = std::nan(""); }, "not finite");
  refuse([](auto& r) { r.units[4].mean_activation = std::nan(""); }, "not finite");
  refuse([](auto& r) { r.units[4].magnitude = -1; }, "magnitude that is negative");
  refuse([&](auto& r) { r.units[4].magnitude = infinity; }, "magnitude that is negative or not");
  refuse([](auto& r) { r.units[4].p_value = 1.5; }, "p-value outside [0, 1]");
  refuse([](auto& r) { r.units[4].p_value = std::nan(""); }, "p-value outside [0, 1]");
  refuse([](auto& r) { r.method = ""; }, "no method");
  refuse([](auto& r) { r.pairs = 0; }, "impossible sizes");
  refuse([](auto& r) { r.sites[0].width = std::int64_t{1} << 62; }, "impossible sizes");
  refuse([](auto& r) { r.sites.clear(); }, "impossible sizes (no site)");
  refuse([](auto& r) { r.sites.push_back(r.sites[0]); }, "site ffn stands twice");
  refuse([](auto& r) { r.sites[0].group = 2; }, "groups of 2 at width 3");
  refuse([](auto& r) { r.sites[0].group = 0; }, "groups of 0");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(RankingFile, BrokenGroupsAreRefused) {
  TemporaryFolder folder;
  const auto refuse = [&](const std::function<void(Ranking&)>& change, const std::string& message) {
    Ranking ranking = ranking_of_heads(2, 3);
    change(ranking);
    expect_refusal<FormatError>([&] { save_ranking(ranking, folder / "r"); }, message);
  };
  refuse([](auto& r) { r.units[1].score = -0.5; },
         "rank 1 (layer 0, dim 1) does not belong to its");
  refuse([](auto& r) { std::swap(r.units[1], r.units[3]); }, "does not belong to its group");
  refuse([](auto& r) { std::swap(r.units[2], r.units[3]); }, "is not the first of its group");
  refuse(
      [](auto& r) {
        for (int i : {4, 5}) r.units[static_cast<std::size_t>(i)].score = 7;
      },
      "rank 4 (layer 0, dim 2) is out of order");
}

using Tensors = std::vector<std::pair<std::string, at::Tensor>>;
using Metadata = std::map<std::string, std::string>;

TEST(RankingFile, TamperedFiles) {
  TemporaryFolder folder;
  const std::filesystem::path good = folder / "good.safetensors";
  save_ranking(small_ranking(), good);
  const auto refuse = [&](const std::function<void(Tensors&, Metadata&)>& tamper,
                          const std::string& message) {
    const SafetensorsFile file(good);
    Tensors tensors;
    for (const auto& [name, entry] : file.header().tensors) {
      tensors.emplace_back(name, file.tensor(name));
    }
    Metadata metadata = file.header().metadata;
    tamper(tensors, metadata);
    write_safetensors(folder / "bad.safetensors", tensors, metadata);
    expect_refusal<FormatError>([&] { load_ranking(folder / "bad.safetensors"); }, message);
    expect_refusal<FormatError>([&] { load_ranking(folder / "bad.safetensors"); }, "bad.safe");
  };
  const auto column = [](Tensors& tensors, const std::string& name) -> at::Tensor& {
    for (auto& [key, tensor] : tensors) {
      if (key == name) return tensor;
    }
    throw std::logic_error(name);
  };
  const auto in_json = [](Metadata& metadata, const std::string& from, const std::string& to) {
    std::string& text = metadata.at("ranking");
    const auto place = text.find(from);
    ASSERT_NE(place, std::string::npos) << from;
    text.replace(place, from.size(), to);
  };

  refuse([](auto&, auto& m) { m.clear(); }, "not a ranking");
  refuse([](auto&, auto& m) { m["format"] = "austeer ranking 1"; },
         "austeer ranking 2; found 'austeer ranking 1'. Make one with rank");
  refuse([](auto&, auto& m) { m["ranking"] = "{"; }, "not valid JSON");
  refuse([&](auto&, auto& m) { in_json(m, "\"ffn\"", "\"fnf\""); }, "unknown site 'fnf'");
  refuse([&](auto&, auto& m) { in_json(m, "\"pairs\"", "\"peers\""); }, "'pairs' is missing");
  refuse([&](auto&, auto& m) { in_json(m, "\"width\":3", "\"width\":4"); }, "wrong type or size");
  refuse([&](auto&, auto& m) { in_json(m, "\"width\":3", "\"width\":900000000"); },
         "wrong type or size");
  refuse([&](auto&, auto& m) { in_json(m, "\"group\":1", "\"group\":4"); }, "impossible sizes");
  refuse([&](auto&, auto& m) { in_json(m, "\"group\":1", "\"groups\":1"); }, "'group' is missing");
  refuse([&](auto&, auto& m) { in_json(m, "\"group\":1", "\"group\":1,\"x\":1"); },
         "unknown key 'x'");
  refuse([&](auto&, auto& m) { in_json(m, "\"sites\":[{", "\"sites\":[3,{"); }, "an object");
  refuse([&](auto&, auto& m) { in_json(m, "\"rule\":\"scale\"", "\"rule\":\"scales\""); },
         "unknown rule 'scales'");
  refuse([&](auto&, auto& m) { in_json(m, "\"all\"", "\"al\""); }, "positions 'al'");
  refuse([&](auto&, auto& m) { in_json(m, "\"layers\":2", "\"layers\":-2"); }, "impossible sizes");
  refuse([&](auto&, auto& m) { in_json(m, "\"layers\":2", "\"layers\":2,\"x\":1"); },
         "unknown key 'x'");
  refuse([](auto& t, auto&) { t.erase(t.begin()); }, "");
  refuse([&](auto& t, auto&) { column(t, "dim") = column(t, "dim").to(at::kLong); },
         "'dim' has a wrong type or size");
  refuse([&](auto& t, auto&) { column(t, "score") = column(t, "score").narrow(0, 0, 5); },
         "'score' has a wrong type or size");
  refuse(
      [&](auto& t, auto&) {
        column(t, "score") = column(t, "score").view({2, 3});
      },
      "'score' has a wrong type or size");
  refuse([&](auto& t, auto&) { column(t, "layer")[2] = 7; }, "lies outside the model");
  refuse([&](auto& t, auto&) { column(t, "score")[4] = 0.85; }, "is out of order");
  refuse([&](auto& t, auto&) { column(t, "p_value")[0] = -1; }, "p-value");
  refuse([&](auto& t, auto&) { column(t, "site")[0] = 3; }, "lies outside the model");
  refuse([&](auto& t, auto&) { column(t, "value")[0] = std::nan(""); }, "not finite");
  refuse([&](auto& t, auto&) { column(t, "magnitude")[0] = -1; }, "magnitude");
}

}  // namespace
}  // namespace austeer
