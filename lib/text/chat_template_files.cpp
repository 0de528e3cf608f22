// Which chat template a Hugging Face folder brings.
#include <array>
#include <spdlog/spdlog.h>

#include "base/files.hpp"
#include "text/chat_template.hpp"
#include "text/tokenizer_config.hpp"

namespace austeer {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 7> token_keys = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};
constexpr std::uint64_t most_template_bytes = std::uint64_t{4} << 20;

/// A JSON file of `folder` that holds an object; an empty one where it is not there.
Json object_in(const fs::path& folder, const char* name) {
  if (!fs::exists(folder / name)) return Json::object();
  Json json = read_json(folder / name);
  if (!json.is_object()) {
    throw FormatError("chat template", (folder / name).string() + " is no JSON object");
  }
  return json;
}

/// The special tokens that a template may name; those of the first file win.
std::map<std::string, std::string> special_tokens_of(const fs::path& folder, const Json& config) {
  std::map<std::string, std::string> tokens;
  const Json map = object_in(folder, "special_tokens_map.json");
  const auto add = [&](const Json& json, const char* file) {
    Fields fields(json, (folder / file).string());
    for (const char* key : token_keys) {
      std::string piece = token_piece(json, fields, key);
      if (!piece.empty()) tokens.emplace(key, std::move(piece));
    }
  };
  add(config, "tokenizer_config.json");
  add(map, "special_tokens_map.json");
  return tokens;
}

/// What the key `chat_template` says: one template, a list of {name, template}, or an object.
std::map<std::string, std::string> sources_in(const Json& json, const std::string& place) {
  std::map<std::string, std::string> sources;
  Fields fields(json, place);
  if (!fields.has("chat_template")) return sources;
  const Json& value = fields.value("chat_template");
  if (value.is_string()) {
    sources["default"] = value.get<std::string>();
  } else if (value.is_array()) {
    for (const Json& one : value) {
      Fields named(one, place + ": chat_template");
      const auto name = named.required<std::string>("name");
      sources[name] = named.required<std::string>("template");
    }
  } else if (value.is_object()) {
    Fields named = fields.object("chat_template");
    for (const auto& [name, source] : value.items()) {
      sources[name] = named.required<std::string>(name);
    }
  } else {
    fields.refuse("chat_template", "a text, or a list of named ones", value);
  }
  return sources;
}

/// chat_template.jinja and additional_chat_templates/NAME.jinja.
std::map<std::string, std::string> source_files(const fs::path& folder) {
  std::map<std::string, std::string> sources;
  const fs::path standard = folder / "chat_template.jinja";
  if (fs::exists(standard)) sources["default"] = read_file(standard, most_template_bytes);
  const fs::path others = folder / "additional_chat_templates";
  if (!fs::is_directory(others)) return sources;
  for (const std::string& name : list_folder(others)) {
    const fs::path file = others / name;
    if (file.extension() != ".jinja") continue;
    sources.emplace(file.stem().string(), read_file(file, most_template_bytes));
  }
  return sources;
}

/// The folder's template, where all that speaks of one can be read.
std::optional<ChatTemplate> read_any(const fs::path& folder) {
  const Json config = object_in(folder, "tokenizer_config.json");
  const auto tokens = special_tokens_of(folder, config);
  const fs::path config_file = folder / "tokenizer_config.json";
  const auto in_config = sources_in(config, config_file.string());
  const auto files = source_files(folder);
  if (!files.empty()) {
    const fs::path file = folder / "chat_template.jinja";
    const bool differ = files.contains("default") && in_config.contains("default") &&
                        files.at("default") != in_config.at("default");
    if (differ) {
      spdlog::warn("{}: it wins over another chat_template in tokenizer_config.json",
                   file.string());
    }
    return choose_chat_template(files, file.string(), tokens);
  }
  if (!in_config.empty()) {
    return choose_chat_template(in_config, config_file.string() + ": chat_template", tokens);
  }
  const fs::path other = folder / "chat_template.json";
  return choose_chat_template(sources_in(object_in(folder, "chat_template.json"), other.string()),
                              other.string(), tokens);
}

}  // namespace

std::optional<ChatTemplate> read_chat_template(const fs::path& folder) {
  try {
    return read_any(folder);
  } catch (const Error& error) {
    return ChatTemplate::unusable(folder.string(), error.what());
  }
}

}  // namespace austeer
