#include "models/quantisation.hpp"

#include <fmt/format.h>

namespace austeer {
namespace {

[[noreturn]] void refuse(const std::string& place, const std::string& method) {
  throw FormatError({fmt::format("{}: the weights are quantised by {}", place, method),
                     "weights that are not quantised, bitsandbytes' NF4, or a GGUF file", method,
                     "Use the model in bfloat16, in NF4 (load_in_4bit, bnb_4bit_quant_type nf4), "
                     "or as a GGUF file"});
}

void check_bitsandbytes(Fields& fields, const std::string& place) {
  if (fields.optional("load_in_8bit", false)) refuse(place, "bitsandbytes to int8");
  if (!fields.optional("load_in_4bit", false)) {
    fields.refuse("load_in_4bit", "true", fields.has("load_in_4bit") ? Json(false) : Json());
  }
  // What bitsandbytes takes where the configuration does not say.
  const auto type = fields.optional<std::string>("bnb_4bit_quant_type", "fp4");
  if (type == "fp4") refuse(place, "bitsandbytes to FP4");
  if (type != "nf4") refuse(place, fmt::format("bitsandbytes to '{}'", type));
}

}  // namespace

void check_quantisation(const Json& config, const std::string& place) {
  Fields fields(config, place);
  const std::string key = "quantization_config";
  if (!fields.has(key)) return;
  const Json& quantisation = fields.value(key);
  Fields own(quantisation, place + ": " + key);
  // Older files of bitsandbytes do not name the method.
  const bool older = own.has("load_in_4bit") || own.has("load_in_8bit");
  const auto method = older ? own.optional<std::string>("quant_method", "bitsandbytes")
                            : own.required<std::string>("quant_method");
  if (method != "bitsandbytes") refuse(own.place(), method);
  check_bitsandbytes(own, own.place());
}

}  // namespace austeer
