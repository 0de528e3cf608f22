// The engine in half precision, on the CPU and on the CUDA devices that are there, against what
// `transformers` computes with the same weights in float32: a rounding unit of the dtype per
// operation, which add up like random steps.

#include <ATen/Context.h>
#include <cmath>
#include <gtest/gtest.h>
#include <string>
#include <tuple>
#include <vector>

#include "engine/engine.hpp"
#include "models/config.hpp"
#include "models/dtype.hpp"
#include "recorder.hpp"
#include "reference.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {
namespace {

int cuda_devices() {
  return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

/// The root mean square of the difference relative to that of `expected`.
double relative_error(const at::Tensor& found, const at::Tensor& expected) {
  const at::Tensor wide = expected.to(at::kDouble);
  return ((found.cpu().to(at::kDouble) - wide).norm() / wide.norm()).item<double>();
}

double unit_of(at::ScalarType dtype) { return dtype == at::kBFloat16 ? 0x1p-8 : 0x1p-11; }

using Case = std::tuple<const char*, at::ScalarType, const char*>;

class HalfPrecision : public ::testing::TestWithParam<Case> {
 protected:
  /// Sites, logits and placement of one tiny model on some devices.
  void compare(const Placement& placement, at::ScalarType dtype, const SafetensorsFile& reference) {
    const std::filesystem::path folder = reference.path().parent_path();
    const DecoderConfig config = read_config(folder);
    const Decoder decoder(config, *open_safetensors_checkpoint(folder), dtype, placement);
    const double bound =
        2 * unit_of(dtype) * std::sqrt(10.0 * static_cast<double>(config.layers + 1));
    for (std::int64_t i = 0; reference.has("tokens." + std::to_string(i)); ++i) {
      const std::string number = std::to_string(i);
      testing::Recorder recorder;
      const at::Tensor logits = Engine(decoder).logits(
          testing::to_tokens(reference.tensor("tokens." + number)), &recorder);
      EXPECT_LT(relative_error(logits, reference.tensor("logits." + number)), bound) << number;
      for (const Site site : all_sites) {
        const std::string name = "site." + site_name(site) + "." + number;
        EXPECT_LT(relative_error(recorder.stacked(site), reference.tensor(name)), bound) << name;
      }
    }
  }
};

TEST_P(HalfPrecision, IsTransformersButForRounding) {
  const auto& [model, dtype, device] = GetParam();
  const SafetensorsFile reference =
      testing::reference_file(std::string("tiny/") + model + "/reference.safetensors");
  const std::int64_t layers = read_config(reference.path().parent_path()).layers;
  const std::string name = device;
  if (name == "cpu") return compare(on_one_device(at::kCPU, layers), dtype, reference);

  const int needed = name == "cuda_split" ? 2 : 1;
  if (cuda_devices() < needed) {
    GTEST_SKIP() << "needs " << needed << " CUDA devices, found " << cuda_devices();
  }
  Placement placement = on_one_device(at::Device("cuda:0"), layers);
  for (std::size_t i = 0; i < placement.devices.size(); ++i) {
    if (name == "cuda_streamed") placement.streamed[i] = i % 3 != 1;
    if (name == "cuda_split" && i > 0) placement.devices[i] = at::Device("cuda:1");
  }
  compare(placement, dtype, reference);
}

// Without experts: rounding may choose another one, and then nothing is near.
INSTANTIATE_TEST_SUITE_P(
    Families, HalfPrecision,
    ::testing::Combine(::testing::Values("grouped_query", "llama3_rope", "mistral_window", "qwen2",
                                         "qwen3", "gemma2", "gemma3"),
                       ::testing::Values(at::kBFloat16, at::kHalf),
                       ::testing::Values("cpu", "cuda", "cuda_streamed", "cuda_split")),
    [](const auto& info) {
      return std::string(std::get<0>(info.param)) + "_" + dtype_name(std::get<1>(info.param)) +
             "_" + std::get<2>(info.param);
    });

}  // namespace
}  // namespace austeer
