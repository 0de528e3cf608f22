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
using testing::small_ranking;
using testing::TemporaryFolder;

TEST(RankingFile, RoundTrip) {
  TemporaryFolder folder;
  const Ranking ranking = small_ranking();
  save_ranking(ranking, folder / "a.safetensors");
  EXPECT_EQ(load_ranking(folder / "a.safetensors"), ranking);
  save_ranking(ranking, folder / "b.safetensors");
  EXPECT_EQ(read_file(folder / "a.safetensors"), read_file(folder / "b.safetensors"));
  expect_refusal<FileError>([&] { load_ranking(folder / "none"); }, "none");
}

TEST(RankingFile, ImpossibleRankingsAreNeitherSavedNorPassed) {
  TemporaryFolder folder;
  const auto refuse = [&](const std::function<void(Ranking&)>& change, const std::string& message) {
    Ranking ranking = small_ranking();
    change(ranking);
    expect_refusal<FormatError>([&] { save_ranking(ranking, folder / "r"); }, message);
  };
  refuse([](auto& r) { std::swap(r.units[1], r.units[2]); }, "rank 2 (layer 0, dim 1) is out of");
  refuse([](auto& r) { std::swap(r.units[0], r.units[1]); }, "rank 1 (layer 1, dim 2) is out of");
  refuse([](auto& r) { r.units[5] = r.units[4]; }, "rank 5 (layer 0, dim 2) stands twice");
  refuse([](auto& r) { r.units.pop_back(); }, "a ranking holds every unit; expected 6; found 5");
  refuse([](auto& r) { r.units[3].layer = 2; }, "lies outside the model");
  refuse([](auto& r) { r.units[3].dim = -1; }, "lies outside the model");
  refuse([](auto& r) { r.units[0].positive = 10; }, "rank 0 (layer 1, dim 2) has counts");
  refuse([](auto& r) { r.units[0].negative = -1; }, "has counts");
  refuse([](auto& r) { r.units[0].beta = std::numeric_limits<double>::infinity(); }, "not finite");
  refuse([](auto& r) { r.units[4].mean_momentum = std::nan(""); }, "not finite");
  refuse([](auto& r) { r.units[4].mean_activation = std::nan(""); }, "not finite");
  refuse([](auto& r) { r.units[4].p_value = 1.5; }, "p-value outside [0, 1]");
  refuse([](auto& r) { r.units[4].p_value = std::nan(""); }, "p-value outside [0, 1]");
  refuse([](auto& r) { r.method = ""; }, "no method");
  refuse([](auto& r) { r.pairs = 0; }, "impossible sizes");
  refuse([](auto& r) { r.width = std::int64_t{1} << 62; }, "impossible sizes");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
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
  refuse([](auto&, auto& m) { m["format"] = "austeer ranking 9"; }, "'austeer ranking 9'");
  refuse([](auto&, auto& m) { m["ranking"] = "{"; }, "not valid JSON");
  refuse([&](auto&, auto& m) { in_json(m, "\"ffn\"", "\"fnf\""); }, "unknown site 'fnf'");
  refuse([&](auto&, auto& m) { in_json(m, "\"pairs\"", "\"peers\""); }, "'pairs' is missing");
  refuse([&](auto&, auto& m) { in_json(m, "\"width\":3", "\"width\":4"); }, "wrong type or size");
  refuse([&](auto&, auto& m) { in_json(m, "\"width\":3", "\"width\":900000000"); },
         "wrong type or size");
  refuse([&](auto&, auto& m) { in_json(m, "\"layers\":2", "\"layers\":-2"); }, "impossible sizes");
  refuse([&](auto&, auto& m) { in_json(m, "\"layers\":2", "\"layers\":2,\"x\":1"); },
         "unknown key 'x'");
  refuse([](auto& t, auto&) { t.erase(t.begin()); }, "");
  refuse([&](auto& t, auto&) { column(t, "dim") = column(t, "dim").to(at::kLong); },
         "'dim' has a wrong type or size");
  refuse([&](auto& t, auto&) { column(t, "beta") = column(t, "beta").narrow(0, 0, 5); },
         "'beta' has a wrong type or size");
  refuse(
      [&](auto& t, auto&) {
        column(t, "beta") = column(t, "beta").view({2, 3});
      },
      "'beta' has a wrong type or size");
  refuse([&](auto& t, auto&) { column(t, "layer")[2] = 7; }, "lies outside the model");
  refuse([&](auto& t, auto&) { column(t, "beta")[4] = 0.85; }, "is out of order");
  refuse([&](auto& t, auto&) { column(t, "p_value")[0] = -1; }, "p-value");
}

}  // namespace
}  // namespace austeer
