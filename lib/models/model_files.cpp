#include "models/model_files.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <spdlog/spdlog.h>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/file_kind.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "tensors/gguf.hpp"

namespace austeer {

namespace {

constexpr std::string_view otherwise =
    "Use the model that it was made from, in bfloat16 or in NF4 (load_in_4bit, bnb_4bit_quant_type "
    "nf4), or its GGUF file";
constexpr std::string_view fp8_to_bfloat16 =
    "transformers writes it in bfloat16: from_pretrained with "
    "FineGrainedFP8Config(dequantize=True), then save_pretrained; or use its GGUF file";
constexpr std::string_view mlx_to_plain =
    "`mlx_lm.convert --hf-path FOLDER --mlx-path NEW --dequantize` writes plain weights; or use "
    "the "
    "model that it was made from, or its GGUF file";

struct Method {
  std::string_view key;  ///< quant_method
  std::string_view name;
  std::string_view advice;
};

constexpr std::array methods = {
    Method{"gptq", "GPTQ", otherwise},
    Method{"awq", "AWQ", otherwise},
    Method{"fp8", "FP8", fp8_to_bfloat16},
    Method{"fbgemm_fp8", "FP8 (fbgemm)", otherwise},
    Method{"compressed-tensors", "compressed-tensors (FP8 or packed integers)", otherwise},
    Method{"mxfp4", "MXFP4", otherwise},
    Method{"mlx", "MLX", mlx_to_plain}};

[[noreturn]] void refuse_quantised(const std::string& place, std::string_view method,
                                   std::string_view advice = otherwise) {
  throw FormatError({fmt::format("{}: the weights are quantised by {}", place, method),
                     "weights that are not quantised, bitsandbytes' NF4, or a GGUF file", "",
                     std::string(advice)});
}

[[noreturn]] void refuse_method(const std::string& place, const std::string& key) {
  const auto method = std::ranges::find(methods, std::string_view(key), &Method::key);
  if (method == methods.end()) refuse_quantised(place, fmt::format("'{}'", key));
  refuse_quantised(place, fmt::format("{} (quant_method '{}')", method->name, key), method->advice);
}

[[noreturn]] void refuse_mlx(const std::string& place) {
  refuse_quantised(place, "MLX, into integers with .scales and .biases", mlx_to_plain);
}

/// MLX describes its packing without naming itself.
bool is_mlx(Fields& fields) {
  return !fields.has("quant_method") && fields.has("group_size") && fields.has("bits");
}

void check_bitsandbytes(Fields& fields, const std::string& place) {
  if (fields.optional("load_in_8bit", false)) refuse_quantised(place, "bitsandbytes to int8");
  if (!fields.optional("load_in_4bit", false)) {
    fields.refuse("load_in_4bit", "true", fields.has("load_in_4bit") ? Json(false) : Json());
  }
  // What bitsandbytes takes where the configuration does not say.
  const auto type = fields.optional<std::string>("bnb_4bit_quant_type", "fp4");
  if (type == "fp4") refuse_quantised(place, "bitsandbytes to FP4");
  if (type != "nf4") refuse_quantised(place, fmt::format("bitsandbytes to '{}'", type));
}

void check_method(Fields& fields) {
  // Older files of bitsandbytes do not name the method.
  const bool older = fields.has("load_in_4bit") || fields.has("load_in_8bit");
  if (!older && !fields.has("quant_method")) {
    refuse_quantised(fields.place(),
                     fields.optional<std::string>("quant_algo", "an unnamed method"));
  }
  const auto method = fields.optional<std::string>("quant_method", "bitsandbytes");
  if (method != "bitsandbytes") refuse_method(fields.place(), method);
  check_bitsandbytes(fields, fields.place());
}

}  // namespace

void check_quantisation(const Json& config, const std::string& place) {
  Fields fields(config, place);
  for (const std::string key : {"quantization_config", "compression_config", "quantization"}) {
    if (!fields.has(key)) continue;
    Fields own(fields.value(key), place + ": " + key);
    if (is_mlx(own)) refuse_mlx(own.place());
    check_method(own);
  }
}

namespace {

namespace fs = std::filesystem;
using FileNames = std::vector<std::string>;

constexpr const char* config_name = "config.json";
constexpr const char* adapter_config_name = "adapter_config.json";

/// Weights that transformers reads and this program does not.
struct ForeignWeights {
  std::string_view beginning;
  std::string_view ending;
  std::string_view framework;
};
constexpr std::array foreign_weights = {
    ForeignWeights{"pytorch_model", ".bin", "PyTorch's pickle format"},
    ForeignWeights{"consolidated", ".pth", "PyTorch's pickle format, as Meta publishes Llama"},
    ForeignWeights{"tf_model", ".h5", "TensorFlow's format"},
    ForeignWeights{"flax_model", ".msgpack", "Flax's format"}};

bool is_among(const FileNames& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// The weights of a model, not those of an adapter.
bool is_safetensors_of_model(const std::string& name) {
  return name.ends_with(".safetensors") && !name.starts_with("adapter_");
}

/// A model's file for pictures (mmproj) is none that can be loaded by itself.
bool is_gguf_of_model(const std::string& name) {
  return name.ends_with(".gguf") && !lower_ascii(name).starts_with("mmproj");
}

[[noreturn]] void refuse_adapter(const fs::path& folder) {
  const Json json = read_json(folder / adapter_config_name);
  Fields fields(json, (folder / adapter_config_name).string());
  const auto type = fields.optional<std::string>("peft_type", "");
  const auto base = fields.optional<std::string>("base_model_name_or_path", "its base model");
  throw FormatError(
      {fmt::format("[model] {} is a PEFT adapter{} of {}, not a model", folder.string(),
                   type.empty() ? "" : fmt::format(" ({})", type), base),
       "a folder with config.json and *.safetensors, or a GGUF file", "",
       type == "IA3" ? fmt::format("Pass it as a plan: --model {} --plan {}", base, folder.string())
                     : "Merge it into its base model with peft (merge_and_unload, then "
                       "save_pretrained) and pass the folder written so"});
}

[[noreturn]] void refuse_foreign(const fs::path& folder, const std::string& name,
                                 const ForeignWeights& weights) {
  throw FormatError({fmt::format("[model] {} has its weights in {} alone ({})", folder.string(),
                                 weights.framework, name),
                     "*.safetensors", "",
                     "Convert it with transformers: from_pretrained(FOLDER), then "
                     "save_pretrained(NEW), which writes safetensors; copy the tokenizer's files "
                     "too"});
}

/// The only model among `ggufs`, file names in `folder`.
fs::path only_gguf(const fs::path& folder, const FileNames& ggufs) {
  std::map<std::string, std::string> models;  // what tells a model from others → its first file
  for (const std::string& name : ggufs) {
    const auto part = parse_gguf_part_name(name);
    models.emplace(part ? fmt::format("{} of {}", part->stem, part->count) : name, name);
  }
  if (models.size() > 1) {
    FileNames files;
    for (const auto& [model, file] : models) files.push_back(file);
    throw FormatError({fmt::format("[model] {} holds several GGUF models", folder.string()), "one",
                       fmt::format("{}", fmt::join(files, ", ")),
                       fmt::format("Name one: --model {}", (folder / files.front()).string())});
  }
  const std::string& file = models.begin()->second;
  spdlog::info("{}: the model in it is {}", folder.string(), file);
  return folder / file;
}

std::optional<fs::path> files_of_folder(const fs::path& folder) {
  const FileNames names = list_folder(folder);
  const bool config = is_among(names, config_name);
  const bool safetensors = std::ranges::any_of(names, is_safetensors_of_model);
  if (config && safetensors) return folder;
  FileNames ggufs;
  std::ranges::copy_if(names, std::back_inserter(ggufs), is_gguf_of_model);
  if (!safetensors && !ggufs.empty()) return only_gguf(folder, ggufs);
  if (is_among(names, adapter_config_name) && !safetensors) refuse_adapter(folder);
  for (const std::string& name : names) {
    for (const ForeignWeights& weights : foreign_weights) {
      const bool found = name.starts_with(weights.beginning) && name.ends_with(weights.ending);
      if (found && !safetensors) refuse_foreign(folder, name, weights);
    }
  }
  return config ? std::optional(folder) : std::nullopt;
}

std::optional<fs::path> file_itself(const fs::path& file) {
  const FileKind kind = file_kind(file);
  if (kind == FileKind::gguf) return file;
  if (file.extension() != ".gguf" && kind == FileKind::other) return std::nullopt;
  const bool own_folder = kind == FileKind::safetensors && !file.parent_path().empty();
  throw FormatError({fmt::format("[model] {} is {}", file.string(), file_kind_name(kind)),
                     "a folder with config.json and *.safetensors, or a GGUF file", "",
                     own_folder
                         ? fmt::format("Pass its folder: --model {}", file.parent_path().string())
                         : std::string(file_kind_advice(kind))});
}

}  // namespace

std::optional<fs::path> model_files(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return files_of_folder(path);
  if (fs::is_regular_file(path, error)) return file_itself(path);
  return std::nullopt;
}

}  // namespace austeer
