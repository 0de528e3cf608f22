#include "models/quantisation.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>

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

}  // namespace austeer
