#include "models/load.hpp"

#include <ATen/Context.h>
#include <fmt/format.h>

#include "base/suggest.hpp"
#include "models/gguf_model.hpp"
#include "models/linear.hpp"
#include "tensors/checkpoint.hpp"

namespace austeer {
namespace {

const std::vector<std::pair<std::string, at::ScalarType>> dtypes = {
    {"float32", at::kFloat}, {"bfloat16", at::kBFloat16}, {"float16", at::kHalf}};

at::ScalarType choose_dtype(const ModelOptions& options, const DecoderConfig& config) {
  if (options.dtype) return *options.dtype;
  if (options.device.is_cpu()) return cpu_multiplies(at::kBFloat16) ? at::kBFloat16 : at::kFloat;
  return config.stored_dtype == "float16" ? at::kHalf : at::kBFloat16;
}

Model load_folder(const std::filesystem::path& folder, const ModelOptions& options) {
  const DecoderConfig config = read_config(folder);
  const auto checkpoint = open_safetensors_checkpoint(folder);
  Model model;
  model.decoder =
      std::make_unique<Decoder>(config, *checkpoint, choose_dtype(options, config), options.device);
  model.tokenizer = load_tokenizer(folder);
  model.stop_tokens = config.stop_tokens;
  model.fingerprint = checkpoint->fingerprint();
  return model;
}

Model load_gguf(const std::filesystem::path& file, const ModelOptions& options) {
  const GgufModel gguf(file);
  Model model;
  model.decoder = std::make_unique<Decoder>(gguf.config(), gguf,
                                            choose_dtype(options, gguf.config()), options.device);
  model.tokenizer = gguf.tokenizer();
  model.stop_tokens = gguf.config().stop_tokens;
  model.fingerprint = gguf.fingerprint();
  return model;
}

}  // namespace

Model load_model(const std::string& name, const ModelLocation& location,
                 const ModelOptions& options) {
  Model model = std::filesystem::is_directory(location.path) ? load_folder(location.path, options)
                                                             : load_gguf(location.path, options);
  model.name = name;
  if (model.tokenizer->size() > model.decoder->config().vocabulary) {
    throw FormatError({fmt::format("[model] {}: tokenizer and weights do not belong together",
                                   location.path.string()),
                       fmt::format("at most {} tokens", model.decoder->config().vocabulary),
                       std::to_string(model.tokenizer->size()), ""});
  }
  if (location.manifest) {
    model.chat = location.manifest->chat;
    for (const std::string& piece : location.manifest->stop) {
      if (const auto id = model.tokenizer->find(piece)) model.stop_tokens.push_back(*id);
    }
  }
  return model;
}

std::string dtype_name(at::ScalarType dtype) {
  for (const auto& [name, known] : dtypes) {
    if (known == dtype) return name;
  }
  return at::toString(dtype);
}

std::optional<at::ScalarType> parse_dtype(const std::string& name) {
  std::vector<std::string> names = {"auto"};
  if (name == "auto") return std::nullopt;
  for (const auto& [known, dtype] : dtypes) {
    if (known == name) return dtype;
    names.push_back(known);
  }
  throw UsageError("model", fmt::format("unknown dtype '{}'", name), suggestion(name, names));
}

at::Device parse_device(const std::string& name) {
  const std::string hint = "Use cpu, cuda or cuda:N";
  try {
    const at::Device device(name);
    if (device.is_cpu()) return device;
    if (device.is_cuda() && at::hasCUDA()) {
      const auto count = static_cast<int>(at::detail::getCUDAHooks().deviceCount());
      if (count > 0 && (!device.has_index() || device.index() < count)) return device;
    }
  } catch (const c10::Error&) {
    throw UsageError("model", fmt::format("unknown device '{}'", name), hint);
  }
  throw UsageError("model", fmt::format("the device '{}' is not on this machine", name), hint);
}

}  // namespace austeer
