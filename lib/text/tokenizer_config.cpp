#include "text/tokenizer_config.hpp"

namespace austeer {
namespace {

std::optional<bool> flag(Fields& fields, const std::string& key) {
  if (!fields.has(key)) return std::nullopt;
  return fields.required<bool>(key);
}

}  // namespace

std::string token_piece(const Json& json, Fields& fields, const std::string& key) {
  if (!fields.has(key)) return "";
  if (json.at(key).is_object()) return fields.object(key).required<std::string>("content");
  return fields.required<std::string>(key);
}

TokenizerConfig read_tokenizer_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "tokenizer_config.json";
  TokenizerConfig config;
  if (!std::filesystem::exists(file)) return config;
  const Json json = read_json(file);
  Fields fields(json, file.string());
  config.add_bos = flag(fields, "add_bos_token");
  config.add_eos = flag(fields, "add_eos_token");
  config.bos = token_piece(json, fields, "bos_token");
  config.eos = token_piece(json, fields, "eos_token");
  return config;
}

}  // namespace austeer
