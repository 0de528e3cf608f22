// How layers are shared out among devices, and which number format a model gets; with made-up
// devices, since only their sizes matter.
#include "models/placement.hpp"

#include <gtest/gtest.h>

#include "models/fit.hpp"
#include "models/linear.hpp"
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

TEST(Fit, StoredTypeWhereFloat32DoesNotFit) {
  const at::ScalarType preferred = cpu_multiplies(at::kBFloat16) ? at::kBFloat16 : at::kFloat;
  const ModelOptions options;
  EXPECT_EQ(fit_model(seven_billion(), Storage::mapped, options, {{at::kCPU, 40 * gib}}).dtype,
            preferred);
  DecoderConfig config = seven_billion();
  config.stored_dtype = "bfloat16";
  EXPECT_EQ(fit_model(config, Storage::mapped, options, {{at::kCPU, 20 * gib}}).dtype,
            at::kBFloat16);
  // Mapped weights are read from the file as they are needed.
  EXPECT_EQ(fit_model(config, Storage::mapped, options, {{at::kCPU, 4 * gib}}).dtype,
            at::kBFloat16);
}

TEST(Fit, RefusesWhatDoesNotFit) {
  ModelOptions options;
  options.dtype = at::kFloat;
  expect_refusal<ComputeError>(
      [&] {
        fit_model(seven_billion(), Storage::mapped, options, {{at::kCPU, 20 * gib}});
      },
      "found 25.1 GiB. What may fit: --dtype bfloat16");
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
