// The engine in half precision, on the CPU and on the CUDA devices that are there, against what
// `transformers` computes with the same weights in float32: a rounding unit of the dtype per
// operation, which add up like random steps.

#include <ATen/Context.h>
#include <cmath>
#include <gtest/gtest.h>
#include <string>
#include <tuple>
#include <vector>

#include "engine/activation_tap.hpp"
#include "engine/engine.hpp"
#include "engine/plan_tap.hpp"
#include "models/config.hpp"
#include "models/dtype.hpp"
#include "recorder.hpp"
#include "reference.hpp"
#include "tensors/checkpoint.hpp"
#include "tiny_model.hpp"

namespace austeer {
namespace {

int cuda_devices() {
  return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

double unit_of(at::ScalarType dtype) { return dtype == at::kBFloat16 ? 0x1p-8 : 0x1p-11; }

/// Every layer on one device; "cuda_streamed": two of three come from the CPU for each pass;
/// "cuda_split": the first layer alone on the first of two devices.
Placement placement_called(const std::string& name, std::int64_t layers) {
  if (name == "cpu") return on_one_device(at::kCPU, layers);
  Placement placement = on_one_device(parse_devices("cuda").front(), layers);
  for (std::size_t i = 0; i < placement.devices.size(); ++i) {
    if (name == "cuda_streamed") placement.streamed[i] = i % 3 != 1;
    if (name == "cuda_split" && i > 0) placement.devices[i] = at::Device("cuda:1");
  }
  return placement;
}

using Case = std::tuple<const char*, at::ScalarType, const char*>;

class HalfPrecision : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto& [model, dtype, device] = GetParam();
    const std::string place = device;
    const int needed = place == "cpu" ? 0 : place == "cuda_split" ? 2 : 1;
    if (cuda_devices() < needed) {
      GTEST_SKIP() << "needs " << needed << " CUDA devices, found " << cuda_devices();
    }
    reference_ = std::make_unique<SafetensorsFile>(
        testing::reference_file(std::string("tiny/") + model + "/reference.safetensors"));
    const std::filesystem::path folder = reference_->path().parent_path();
    const DecoderConfig config = read_config(folder);
    decoder_ = std::make_unique<Decoder>(config, *open_safetensors_checkpoint(folder), dtype,
                                         placement_called(place, config.layers));
    while (reference_->has("tokens." + std::to_string(texts_.size()))) {
      texts_.push_back(testing::to_tokens(expected("tokens." + std::to_string(texts_.size()))));
    }
  }

  at::Tensor expected(const std::string& name) const { return reference_->tensor(name); }

  /// Expects the root mean square of the difference to be what rounding explains: a unit for each
  /// operation, added up like random steps, and thrice that since single rows scatter.
  void expect_near(const at::Tensor& found, const at::Tensor& wanted, const std::string& what) {
    const double operations = 10.0 * static_cast<double>(decoder_->config().layers + 1);
    const at::Tensor wide = wanted.to(at::kDouble);
    const double error = ((found.cpu().to(at::kDouble) - wide).norm() / wide.norm()).item<double>();
    EXPECT_LT(error, 3 * unit_of(decoder_->dtype()) * std::sqrt(operations)) << what;
  }

  std::unique_ptr<SafetensorsFile> reference_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<Tokens> texts_;
};

TEST_P(HalfPrecision, SitesAndLogits) {
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const std::string number = std::to_string(i);
    testing::Recorder recorder;
    const at::Tensor logits = Engine(*decoder_).logits(texts_[i], &recorder);
    expect_near(logits, expected("logits." + number), "logits." + number);
    for (const Site site : testing::sites_of(decoder_->config())) {
      const std::string name = "site." + site_name(site) + "." + number;
      for (std::int64_t layer = 0; layer < decoder_->config().layers; ++layer) {
        expect_near(recorder.seen(site, layer), expected(name)[layer], name);
      }
    }
  }
}

TEST_P(HalfPrecision, LastTokensOfPackedTexts) {
  std::vector<SiteReading> readings;
  for (const Site site : testing::sites_of(decoder_->config())) readings.push_back({.site = site});
  ActivationTap tap(*decoder_, readings, texts_);
  Engine(*decoder_).read(texts_, tap);
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    for (std::size_t j = 0; j < readings.size(); ++j) {
      const std::string name = "site." + site_name(readings[j].site) + "." + std::to_string(i);
      expect_near(tap.activations(j)[static_cast<std::int64_t>(i)], expected(name).select(1, -1),
                  name);
    }
  }
}

TEST_P(HalfPrecision, GreedyTokensFollowFromTheLogits) {
  const Engine engine(*decoder_);
  const auto generated = engine.generate(texts_, {.max_new_tokens = 6, .stop_tokens = {}});
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    Tokens text = texts_[i];
    for (const TokenId token : generated[i]) {
      const at::Tensor logits = engine.logits(text)[-1].cpu();
      const double spread = logits.std().item<double>();
      // The chosen token is the best one, or as good as it but for rounding.
      EXPECT_GE(logits[token].item<double>(),
                logits.max().item<double>() - 16 * unit_of(decoder_->dtype()) * spread);
      text.push_back(token);
    }
  }
}

TEST_P(HalfPrecision, SteeredLogits) {
  for (const Site site : testing::sites_of(decoder_->config())) {
    const std::string key = site_name(site) + ".scale.all";
    Plan plan;
    const at::Tensor layers = expected("plan." + key + ".layers");
    for (std::int64_t unit = 0; unit < layers.size(0); ++unit) {
      plan.edits.push_back({site,
                            layers[unit].item<std::int64_t>(),
                            Operation::scale,
                            {expected("plan." + key + ".dims")[unit].item<std::int64_t>()},
                            {expected("plan." + key + ".values")[unit].item<float>()}});
    }
    PlanTap tap(plan, *decoder_);
    const std::string name = "steered." + key + ".logits.2";
    expect_near(Engine(*decoder_).logits(texts_[2], &tap), expected(name), name);
  }
}

// Without experts: rounding may choose another one, and then nothing is near.
INSTANTIATE_TEST_SUITE_P(
    Families, HalfPrecision,
    ::testing::Combine(::testing::Values("grouped_query", "llama3_rope", "mistral_window", "qwen2",
                                         "qwen3", "gemma2", "gemma3", "nf4_llama"),
                       ::testing::Values(at::kBFloat16, at::kHalf),
                       ::testing::Values("cpu", "cuda", "cuda_streamed", "cuda_split")),
    [](const auto& info) {
      return std::string(std::get<0>(info.param)) + "_" + dtype_name(std::get<1>(info.param)) +
             "_" + std::get<2>(info.param);
    });

}  // namespace
}  // namespace austeer
