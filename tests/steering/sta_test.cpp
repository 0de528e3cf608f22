// STA against NumPy (tests/reference/sparse_autoencoders.py) on the same answers' activations, and
// what it refuses.
#include "steering/sta.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/json.hpp"
#include "cache/writer.hpp"
#include "steering/autoencoders.hpp"
#include "steering/methods.hpp"
#include "testing.hpp"

namespace austeer {
namespace {

using testing::autoencoder_path;
using testing::expect_refusal;
using testing::reference_file;
using testing::TemporaryFolder;

constexpr std::int64_t layer = 3;  // of 5, the second of those that are kept
constexpr std::int64_t width = 24;

std::vector<std::int64_t> numbers(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<std::int64_t>(),
          tensor.const_data_ptr<std::int64_t>() + tensor.numel()};
}

CacheDescription description_of(const SafetensorsFile& expected) {
  CacheDescription description;
  description.fingerprints = {
      {"model", "m1"}, {"tokenizer", "t1"}, {"task", "detox"}, {"template", "p1"}, {"pairs", "x1"}};
  description.sites = {{.name = "layer",
                        .layers = 5,
                        .width = width,
                        .positions = ReadPositions::answer_all,
                        .group = 1,
                        .only = {1, 3, 4}}};
  description.dtype = at::kFloat;
  description.answer_tokens = {numbers(expected.tensor("positive_tokens")),
                               numbers(expected.tensor("negative_tokens"))};
  description.pairs = static_cast<std::int64_t>(description.answer_tokens.positive.size());
  description.pairs_per_shard = 17;
  return description;
}

/// A finished cache with one site of these activations.
void write_cache(const std::filesystem::path& folder, const CacheDescription& description,
                 const at::Tensor& positive, const at::Tensor& negative) {
  CacheWriter writer(folder, description);
  writer.append({{description.sites.front().key(), {positive, negative}}});
  writer.finish();
}

/// The cache of the reference's answers.
struct AnswerCache {
  SafetensorsFile expected = reference_file("autoencoders/expected.safetensors");
  TemporaryFolder folder;
  std::unique_ptr<ActivationCache> cache;

  AnswerCache() {
    write_cache(folder / "cache", description_of(expected), expected.tensor("positive"),
                expected.tensor("negative"));
    cache = std::make_unique<ActivationCache>(folder / "cache");
  }
};

Ranking ranked_by_sta(const ActivationCache& cache, const Json& options,
                      const std::string& site = "layer") {
  const std::string sites[] = {site};
  return methods().get("sta").rank(cache, sites, options);
}

std::string autoencoder_file(const std::string& name) {
  return autoencoder_path(name == "gemma_scope" ? "gemma_scope/params.npz" : name).string();
}

AtomTests tests_called(const std::string& name) {
  if (name == "both") return AtomTests::both;
  if (name == "activation") return AtomTests::activation;
  return name == "frequency" ? AtomTests::frequency : AtomTests::all;
}

/// The largest error relative to the largest number.
double relative_error(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).abs().max() / expected.abs().max()).item<double>();
}

/// The values of the layer's units, and that all others are 0.
at::Tensor values_of(const Ranking& ranking) {
  at::Tensor values = at::zeros({width}, at::kDouble);
  for (const RankedUnit& unit : ranking.units) {
    if (unit.layer == layer) {
      values[unit.dim] = unit.value;
      EXPECT_EQ(unit.score, 1);
    } else {
      EXPECT_EQ(unit.value, 0);
      EXPECT_EQ(unit.score, 0);
    }
  }
  return values;
}

TEST(Sta, ChoosesTheReferencesAtomsAndAddsItsVector) {
  const AnswerCache answers;
  const Json cases = read_json(autoencoder_path("cases.json"));
  ASSERT_GE(cases.size(), 10u);
  for (const Json& item : cases) {
    SCOPED_TRACE(item.dump());
    const auto expected = [&](const char* name) {
      return answers.expected.tensor(item.at("tensors").get<std::string>() + "." + name);
    };
    const std::string file = autoencoder_file(item.at("autoencoder").get<std::string>());
    const double keep = item.at("keep").get<double>();
    const std::string atoms = item.at("atoms").get<std::string>();

    const AnswerStatistics statistics = answer_statistics(
        *answers.cache, "layer@answer_all", layer, open_sparse_autoencoder(file).autoencoder);
    EXPECT_TRUE(statistics.frequency.equal(expected("frequency")));
    EXPECT_LE(relative_error(statistics.difference, expected("difference")), 1e-5);
    const at::Tensor chosen = chosen_atoms(statistics, keep, tests_called(atoms));
    EXPECT_TRUE(chosen.to(at::kLong).equal(expected("chosen")));

    const Ranking ranking = ranked_by_sta(
        *answers.cache, {{"sae", file}, {"layer", layer}, {"keep", keep}, {"atoms", atoms}});
    EXPECT_LE(relative_error(values_of(ranking), expected("vector")), 1e-5);
    EXPECT_EQ(ranking.provenance.at("autoencoder").at("chosen"), item.at("chosen"));
    EXPECT_EQ(ranking.provenance.at("autoencoder").at("form").get<std::string>() == "gemma_scope",
              item.at("autoencoder") == "gemma_scope");
  }
}

TEST(Sta, TheRankingSaysHowAndFromWhat) {
  const AnswerCache answers;
  const std::string file = autoencoder_path("trained.safetensors").string();
  const Ranking ranking = ranked_by_sta(*answers.cache, {{"sae", file}});
  check_ranking(ranking, "sta");
  EXPECT_EQ(ranking.rule, Rule::add);
  EXPECT_EQ(ranking.positions, Positions::all);
  EXPECT_EQ(ranking.layers, 5);
  ASSERT_EQ(ranking.sites.size(), 1u);
  EXPECT_EQ(ranking.sites.front(), (RankedSite{Site::layer, width, width}));
  const Json options = {{"sae", file}, {"layer", 3}, {"keep", 0.35}, {"atoms", "both"}};
  for (const auto& [key, value] : options.items()) {
    EXPECT_EQ(ranking.options.at(key), value) << key;
  }
  EXPECT_EQ(ranking.options.size(), options.size());
  EXPECT_EQ(ranked_by_sta(*answers.cache, {{"sae", file}}, "layer"), ranking)
      << "the site's short name";

  // The first group is the layer; its statistics are those of the answers' means.
  const at::Tensor momentum = answers.expected.tensor("case0.momentum");
  for (std::int64_t dim = 0; dim < width; ++dim) {
    const RankedUnit& unit = ranking.units.at(static_cast<std::size_t>(dim));
    ASSERT_EQ(unit.layer, layer);
    ASSERT_EQ(unit.dim, dim);
    EXPECT_NEAR(unit.mean_momentum, momentum[dim].item<double>(), 1e-6);
    EXPECT_EQ(unit.positive + unit.negative, 40);
    EXPECT_GT(unit.magnitude, std::abs(unit.mean_activation));
  }
  EXPECT_EQ(ranking.units.at(width).layer, 0);
  EXPECT_EQ(ranking.units.at(width).p_value, 1);
}

TEST(Sta, OptionsThatCannotBe) {
  const AnswerCache answers;
  const std::string file = autoencoder_file("gemma_scope");
  const std::string trained = autoencoder_path("trained.safetensors").string();
  const auto refused = [&](const Json& options, const std::string& part) {
    SCOPED_TRACE(options.dump());
    expect_refusal<UsageError>([&] { ranked_by_sta(*answers.cache, options); }, part);
  };
  refused(Json::object(), "sae");
  refused({{"sae", file}}, "layer");
  refused({{"sae", file}, {"layer", 5}}, "layer");
  refused({{"sae", file}, {"layer", 2}}, "expected a layer of 1, 3, 4; found 2");
  refused({{"sae", trained}, {"layer", 4}}, "was trained on layer 3");
  refused({{"sae", autoencoder_path("saelens/topk").string()}, {"layer", 4}},
          "was trained on layer 3");
  refused({{"sae", file}, {"layer", 3}, {"keep", 0}}, "keep");
  refused({{"sae", file}, {"layer", 3}, {"keep", 1}}, "keep");
  refused({{"sae", file}, {"layer", 3}, {"atoms", "some"}}, "atoms");
  refused({{"sae", file}, {"layer", 3}, {"kept", 0.3}}, "keep");
  expect_refusal<UsageError>(
      [&] {
        ranked_by_sta(*answers.cache, {{"sae", file}}, "ffn");
      },
      "sta steers the site layer, not ffn");
}

TEST(Sta, CachesThatCannotBeUsed) {
  TemporaryFolder folder;
  const SafetensorsFile expected = reference_file("autoencoders/expected.safetensors");
  const Json options = {{"sae", autoencoder_file("gemma_scope")}, {"layer", layer}};
  CacheDescription description = description_of(expected);
  const at::Tensor positive = expected.tensor("positive");
  const at::Tensor negative = expected.tensor("negative");

  description.sites.front().width = 8;
  write_cache(folder / "narrow", description, positive.narrow(2, 0, 8), negative.narrow(2, 0, 8));
  expect_refusal<UsageError>([&] { ranked_by_sta(ActivationCache(folder / "narrow"), options); },
                             "expected an autoencoder of width 8; found 24");

  description = description_of(expected);
  description.sites.front().positions = ReadPositions::answer_mean;
  write_cache(folder / "means", description, positive.narrow(0, 0, 40), negative.narrow(0, 0, 40));
  expect_refusal<UsageError>([&] { ranked_by_sta(ActivationCache(folder / "means"), options); },
                             "has no site 'layer@answer_all'");

  // Equal answers on both sides: nothing to tell apart.
  description = description_of(expected);
  description.answer_tokens.negative = description.answer_tokens.positive;
  write_cache(folder / "equal", description, positive, positive);
  expect_refusal<ComputeError>([&] { ranked_by_sta(ActivationCache(folder / "equal"), options); },
                               "as active in positive as in negative answers");

  // Finite, but with atoms that are not.
  description = description_of(expected);
  write_cache(folder / "large", description, positive * 1e30, negative);
  const SafetensorsFile trained(autoencoder_path("trained.safetensors"));
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [name, entry] : trained.header().tensors) {
    tensors.emplace_back(name, trained.tensor(name) * (name == "W_enc" ? 1e10 : 1));
  }
  write_safetensors(folder / "large.safetensors", tensors);
  const Json large = {{"sae", (folder / "large.safetensors").string()}, {"layer", layer}};
  expect_refusal<ComputeError>([&] { ranked_by_sta(ActivationCache(folder / "large"), large); },
                               "layer 3 are not finite numbers, or too large");
}

}  // namespace
}  // namespace austeer
