// A model in NF4 stays in 4 bits: what a process holds while it loads one and computes with it,
// measured by the system.

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/engine.hpp"
#include "models/config.hpp"
#include "models/decoder.hpp"
#include "tensors/checkpoint.hpp"
#include "tensors/safetensors.hpp"
#include "testing.hpp"

#if defined(__has_feature)
#define AUSTEER_HAS_FEATURE(name) __has_feature(name)
#else
#define AUSTEER_HAS_FEATURE(name) 0
#endif

namespace austeer {
namespace {

constexpr std::int64_t layers = 16;
constexpr std::int64_t width = 1024;
constexpr std::int64_t ffn_width = 4096;
constexpr std::int64_t vocabulary = 256;
constexpr std::int64_t layer_parameters = 4 * width * width + 3 * width * ffn_width;
constexpr std::int64_t mebibyte = std::int64_t{1} << 20;

/// A line of /proc/self/status, in bytes.
std::int64_t status_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(key + ":")) continue;
    std::int64_t kibibytes = 0;
    std::istringstream(line.substr(key.size() + 1)) >> kibibytes;
    return kibibytes * 1024;
  }
  ADD_FAILURE() << "no " << key;
  return 0;
}

/// Lets the peak of the resident memory start anew.
void reset_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  ASSERT_TRUE(file.good());
}

class Nf4Folder {
 public:
  Nf4Folder() {
    plain("model.embed_tokens", at::randn({vocabulary, width}));
    plain("lm_head", at::randn({vocabulary, width}));
    plain("model.norm", at::ones({width}));
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::string at = "model.layers." + std::to_string(i) + ".";
      plain(at + "input_layernorm", at::ones({width}));
      plain(at + "post_attention_layernorm", at::ones({width}));
      for (const char* name : {"q", "k", "v", "o"}) {
        packed(at + "self_attn." + name + "_proj", width, width);
      }
      packed(at + "mlp.gate_proj", ffn_width, width);
      packed(at + "mlp.up_proj", ffn_width, width);
      packed(at + "mlp.down_proj", width, ffn_width);
    }
    write_safetensors(folder_ / "model.safetensors", tensors_);
    tensors_.clear();
  }

  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  void plain(const std::string& name, const at::Tensor& values) {
    tensors_.emplace_back(name + ".weight", values.to(at::kBFloat16));
  }

  /// Weights of order width^-1/2, nested scales; all matrices share their bytes.
  void packed(const std::string& module, std::int64_t rows, std::int64_t columns) {
    const std::int64_t blocks = rows * columns / 64;
    const std::string name = module + ".weight";
    const std::string state = R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16",
        "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.05, "shape": [)" +
                              std::to_string(rows) + ", " + std::to_string(columns) + "]}";
    tensors_.emplace_back(name, bytes_.narrow(0, 0, rows * columns / 2));
    tensors_.emplace_back(name + ".absmax", bytes_.narrow(0, 0, blocks));
    tensors_.emplace_back(name + ".quant_map", at::linspace(-1, 1, 16));
    tensors_.emplace_back(name + ".nested_absmax", at::full({blocks / 256}, 0.01F));
    tensors_.emplace_back(name + ".nested_quant_map", at::linspace(-1, 1, 256));
    at::Tensor text = at::empty({static_cast<std::int64_t>(state.size())}, at::kByte);
    std::copy(state.begin(), state.end(), text.data_ptr<std::uint8_t>());
    tensors_.emplace_back(name + ".quant_state.bitsandbytes__nf4", text);
  }

  testing::TemporaryFolder folder_;
  std::vector<std::pair<std::string, at::Tensor>> tensors_;
  at::Tensor bytes_ = at::randint(256, {width * ffn_width / 2}, at::kByte);
};

DecoderConfig config() {
  return parse_config(Json{{"model_type", "llama"},
                           {"num_hidden_layers", layers},
                           {"hidden_size", width},
                           {"intermediate_size", ffn_width},
                           {"num_attention_heads", 8},
                           {"vocab_size", vocabulary},
                           {"quantization_config",
                            {{"quant_method", "bitsandbytes"},
                             {"load_in_4bit", true},
                             {"bnb_4bit_quant_type", "nf4"}}}},
                      "config.json");
}

TEST(Nf4Memory, IsThatOfTheFileAndOneLayer) {
  if (AUSTEER_HAS_FEATURE(address_sanitizer)) GTEST_SKIP() << "sanitizers keep memory of their own";
  at::manual_seed(8);
  const Nf4Folder folder;
  const auto file =
      static_cast<std::int64_t>(std::filesystem::file_size(folder.path() / "model.safetensors"));
  // Beside the layer: activations, the library's own buffers, pages of the program touched first.
  const std::int64_t bound = file + 2 * layer_parameters + 64 * mebibyte;
  ASSERT_LT(bound, layers * layer_parameters * 2) << "a model in bfloat16 would pass, too";

  const std::int64_t before = status_bytes("VmRSS");
  reset_peak();
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    const Decoder decoder(config(), *open_safetensors_checkpoint(folder.path()), dtype, at::kCPU);
    const Engine engine(decoder);
    for (const std::size_t length : {5, 90}) {  // few rows and many are computed differently
      const at::Tensor logits = engine.logits(std::vector<std::int32_t>(length, 7));
      EXPECT_TRUE(logits.isfinite().all().item<bool>());
    }
    EXPECT_LE(status_bytes("VmHWM") - before, bound) << at::toString(dtype);
  }
}

}  // namespace
}  // namespace austeer
