// How layers are shared out among devices, and which number format a model gets; with made-up
// devices, since only their sizes matter.
#include "models/placement.hpp"

#include <gtest/gtest.h>

#include "testing.hpp"

namespace austeer {
namespace {

using testing::expect_refusal;

constexpr std::int64_t gib = std::int64_t{1} << 30;

at::Device cuda(int index) { return {at::kCUDA, static_cast<c10::DeviceIndex>(index)}; }

/// Ten layers of 1 GiB and two embeddings of 1 GiB.
WeightBytes twelve_gib() { return {gib, gib, std::vector<std::int64_t>(10, gib)}; }

/// Layers on each of `count` devices.
std::vector<int> layers_per_device(const Placement& placement, int count) {
  std::vector<int> layers(static_cast<std::size_t>(count));
  for (const at::Device& device : placement.devices) {
    ++layers[static_cast<std::size_t>(device.index())];
  }
  return layers;
}

TEST(Placement, SharesInProportionToTheRoom) {
  const Placement even =
      place_layers(twelve_gib(), {{cuda(0), 20 * gib}, {cuda(1), 20 * gib}}, false);
  EXPECT_EQ(layers_per_device(even, 2), (std::vector<int>{5, 5}));
  const Placement uneven =
      place_layers(twelve_gib(), {{cuda(0), 40 * gib}, {cuda(1), 10 * gib}}, false);
  EXPECT_EQ(layers_per_device(uneven, 2), (std::vector<int>{9, 1}));
  EXPECT_TRUE(std::ranges::is_sorted(uneven.devices, {}, &at::Device::index));
}

TEST(Placement, FillsToTheBrimWhereItMust) {
  // Usable are 6.3 GiB each: an embedding and five layers, five layers and the unembedding.
  const Placement full =
      place_layers(twelve_gib(), {{cuda(0), 7 * gib}, {cuda(1), 7 * gib}}, false);
  EXPECT_EQ(layers_per_device(full, 2), (std::vector<int>{5, 5}));
  expect_refusal<ComputeError>(
      [] {
        place_layers(twelve_gib(), {{cuda(0), 7 * gib}, {cuda(1), 6 * gib}}, false);
      },
      "expected at most 11.7 GiB beside activations, keys and values; found 12.0 GiB");
}

TEST(Placement, EmbeddingsGoWhereTheirLayersGo) {
  // The first device is too small for a layer: the embedding goes to the second with all of them.
  const WeightBytes tied{2 * gib, 0, std::vector<std::int64_t>(10, gib)};
  expect_refusal<ComputeError>(
      [&] {
        place_layers(tied, {{cuda(0), 2 * gib}, {cuda(1), 13 * gib}}, false);
      },
      "do not fit");
  EXPECT_EQ(
      layers_per_device(place_layers(tied, {{cuda(0), 2 * gib}, {cuda(1), 14 * gib}}, false), 2),
      (std::vector<int>{0, 10}));
  // A tied unembedding is a second copy on another device: 2 + 5 and 5 + 2.
  EXPECT_EQ(
      layers_per_device(place_layers(tied, {{cuda(0), 8 * gib}, {cuda(1), 8 * gib}}, false), 2),
      (std::vector<int>{5, 5}));
}

TEST(Placement, StreamsWhatDoesNotFit) {
  // Usable are 7.2 GiB: both embeddings, two layers in flight, three that stay.
  const Placement placement = place_layers(twelve_gib(), {{cuda(0), 8 * gib}}, true);
  EXPECT_EQ(std::ranges::count(placement.streamed, true), 7);
  // Spread over the depth: no four in a row.
  int run = 0;
  for (const bool streamed : placement.streamed) {
    run = streamed ? run + 1 : 0;
    EXPECT_LT(run, 4);
  }
  EXPECT_EQ(
      std::ranges::count(place_layers(twelve_gib(), {{cuda(0), 16 * gib}}, true).streamed, true),
      0);
}

TEST(Placement, SaysWhatWouldFit) {
  expect_refusal<ComputeError>(
      [] {
        place_layers(twelve_gib(), {{cuda(0), 8 * gib}}, false);
      },
      "--offload");
  expect_refusal<ComputeError>(
      [] {
        place_layers(twelve_gib(), {{cuda(0), 2 * gib}}, true);
      },
      "a larger device");
}

/// Llama 2 7B: 6.7 billion numbers.
DecoderConfig seven_billion() {
  DecoderConfig config;
  config.model_type = "llama";
  config.layers = 32;
  config.width = 4096;
  config.heads = config.kv_heads = 32;
  config.head_dim = 128;
  config.ffn_width = 11008;
  config.vocabulary = 32000;
  config.max_positions = 4096;
  config.stored_dtype = "float16";
  return config;
}

at::ScalarType chosen(const std::string& stored, std::int64_t gib_free, bool multiplies_bfloat16) {
  DecoderConfig config = seven_billion();
  config.stored_dtype = stored;
  return fit_model(config, Storage::mapped, {}, {{at::kCPU, gib_free * gib}}, multiplies_bfloat16)
      .dtype;
}

TEST(Fit, StoredTypeWhereThePreferredOneDoesNotFit) {
  EXPECT_EQ(chosen("float16", 40, false), at::kFloat);
  EXPECT_EQ(chosen("float16", 20, false), at::kHalf);
  EXPECT_EQ(chosen("bfloat16", 20, false), at::kBFloat16);
  EXPECT_EQ(chosen("float16", 20, true), at::kBFloat16);
  // Mapped weights are read from the file as they are needed: they always fit.
  EXPECT_EQ(chosen("float16", 4, true), at::kHalf);
  EXPECT_EQ(chosen("bfloat16", 4, true), at::kBFloat16);
}

TEST(Fit, EmbeddingsOfFourBitModelsAreCopiedIntoAnotherType) {
  DecoderConfig config = seven_billion();
  config.four_bit = true;
  config.stored_dtype = "bfloat16";
  const auto dtype = [&](std::int64_t free) {
    return fit_model(config, Storage::mapped, {}, {{at::kCPU, free}}, false).dtype;
  };
  EXPECT_EQ(dtype(2 * gib), at::kFloat);  // 2 × 32000 × 4096 × 4 bytes are 0.98 GiB
  EXPECT_EQ(dtype(gib), at::kBFloat16);
}

TEST(Fit, RefusesWhatDoesNotFit) {
  ModelOptions options;
  options.dtype = at::kFloat;
  expect_refusal<ComputeError>(
      [&] {
        fit_model(seven_billion(), Storage::mapped, options, {{at::kCPU, 20 * gib}});
      },
      "found 25.1 GiB. What may fit: --dtype of the checkpoint");
  options.dtype = at::kHalf;
  expect_refusal<ComputeError>(
      [&] {
        fit_model(seven_billion(), Storage::packed, options, {{at::kCPU, 10 * gib}});
      },
      "found 12.6 GiB");
}

TEST(Fit, FourBitsTakeAQuarter) {
  DecoderConfig config = seven_billion();
  config.four_bit = true;
  ModelOptions options;
  options.devices = {cuda(0)};
  const Fit fit = fit_model(config, Storage::mapped, options, {{cuda(0), 6 * gib}});
  EXPECT_EQ(fit.dtype, at::kHalf);
  EXPECT_LT(fit.weights.total(), 4 * gib);
}

}  // namespace
}  // namespace austeer
