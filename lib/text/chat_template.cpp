#include "text/chat_template.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <utility>
#include <variant>
#include <vector>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/paths.hpp"
#include "base/scan.hpp"
#include "base/utf8.hpp"
#include "text/jinja_renderer.hpp"
#include "text/jinja_syntax.hpp"
#include "text/tokenizer_config.hpp"

namespace austeer {

// Which chat template a Hugging Face folder brings.

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

namespace {

constexpr std::size_t most_source_bytes = std::size_t{1} << 20;
constexpr int most_json_levels = 50;

/// The time that templates see, one for the whole process: all prompts of a run have one date.
std::tm rendering_time() {
  std::tm time{};
  std::time_t seconds = std::time(nullptr);
  const std::string fixed = environment("SOURCE_DATE_EPOCH");
  if (fixed.empty()) {
    ::localtime_r(&seconds, &time);
    return time;
  }
  const auto given = parse_number<std::int64_t>(fixed);
  if (!given) {
    throw UsageError(ErrorParts{"[chat template] SOURCE_DATE_EPOCH is no time",
                                "seconds since 1970", "'" + fixed + "'", ""});
  }
  seconds = static_cast<std::time_t>(*given);
  if (::gmtime_r(&seconds, &time) == nullptr) {
    throw UsageError("chat template", "SOURCE_DATE_EPOCH is out of range");
  }
  return time;
}

void warn_of_date(const std::string& place) {
  static const bool once = [&] {
    if (!environment("SOURCE_DATE_EPOCH").empty()) return true;
    spdlog::warn(
        "{}: the chat template writes today's date into prompts, so that those of another day "
        "differ; SOURCE_DATE_EPOCH=SECONDS keeps a day",
        place);
    return true;
  }();
  static_cast<void>(once);
}

jinja::Value value_of(const Json& json, int level, jinja::Budget& budget) {
  if (level > most_json_levels) throw jinja::Problem{"a variable is nested too deeply"};
  if (json.is_null()) return jinja::None();
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return jinja::make_text(repair_utf8(json.get<std::string>()), budget);
  if (json.is_array()) {
    std::vector<jinja::Value> items;
    for (const Json& one : json) items.push_back(value_of(one, level + 1, budget));
    return jinja::make_sequence(std::move(items), budget);
  }
  std::vector<std::pair<jinja::Value, jinja::Value>> entries;
  for (const auto& [key, one] : json.items()) {
    entries.emplace_back(jinja::make_text(repair_utf8(key), budget),
                         value_of(one, level + 1, budget));
  }
  return jinja::make_dict(std::move(entries), budget);
}

jinja::Value list_of(std::span<const ChatMessage> messages, jinja::Budget& budget) {
  std::vector<jinja::Value> items;
  for (const ChatMessage& message : messages) {
    const auto text = [&](const std::string& bytes) {
      return jinja::make_text(repair_utf8(bytes), budget);
    };
    items.push_back(jinja::make_dict(
        {{text("role"), text(message.role)}, {text("content"), text(message.content)}}, budget));
  }
  return jinja::make_sequence(std::move(items), budget);
}

[[noreturn]] void refuse(const std::string& place, const jinja::Problem& problem) {
  const std::string line = problem.line > 0 ? fmt::format(", line {}", problem.line) : "";
  throw FormatError("chat template", fmt::format("{}{}: {}", place, line, problem.what));
}

}  // namespace

struct ChatTemplate::Parsed {
  std::variant<jinja::Body, jinja::Problem> content;
};

ChatTemplate::ChatTemplate(std::string source, std::string place,
                           std::map<std::string, std::string> special_tokens)
    : place_(std::move(place)), special_tokens_(std::move(special_tokens)) {
  Sha256 hash;
  hash.update(source);
  for (const auto& [name, piece] : special_tokens_) {
    hash.update(std::string_view("\0", 1)).update(name).update(std::string_view("\0", 1));
    hash.update(piece);
  }
  fingerprint_ = hash.hex();
  Parsed parsed;
  try {
    if (source.size() > most_source_bytes) throw jinja::Problem{"it has more than 1 MiB"};
    parsed.content = jinja::parse(repair_utf8(source));
  } catch (const jinja::Problem& problem) {
    parsed.content = problem;
  }
  parsed_ = std::make_shared<const Parsed>(std::move(parsed));
}

ChatTemplate ChatTemplate::unusable(std::string place, std::string problem) {
  ChatTemplate result("", std::move(place));
  Parsed parsed;
  parsed.content = jinja::Problem{std::move(problem)};
  result.parsed_ = std::make_shared<const Parsed>(std::move(parsed));
  return result;
}

std::string ChatTemplate::render(std::span<const ChatMessage> messages,
                                 const ChatRendering& how) const {
  if (const auto* problem = std::get_if<jinja::Problem>(&parsed_->content)) {
    refuse(place_, *problem);
  }
  static const std::tm time = rendering_time();
  jinja::Clock clock{time, false};
  jinja::Budget budget;
  try {
    jinja::Variables variables;
    for (const auto& [name, piece] : special_tokens_) {
      variables.emplace_back(name, jinja::make_text(repair_utf8(piece), budget));
    }
    variables.emplace_back("tools", jinja::None());
    variables.emplace_back("documents", jinja::None());
    for (const auto& [name, value] : how.variables.items()) {
      variables.emplace_back(name, value_of(value, 0, budget));
    }
    variables.emplace_back("messages", list_of(messages, budget));
    variables.emplace_back("add_generation_prompt", how.add_generation_prompt);
    std::string text =
        jinja::render(std::get<jinja::Body>(parsed_->content), variables, clock, budget);
    if (clock.read) warn_of_date(place_);
    return text;
  } catch (const jinja::Problem& problem) {
    refuse(place_, problem);
  }
}

std::optional<ChatTemplate> choose_chat_template(
    const std::map<std::string, std::string>& sources, const std::string& place,
    const std::map<std::string, std::string>& special_tokens) {
  if (sources.empty()) return std::nullopt;
  const auto standard = sources.find("default");
  if (standard != sources.end()) return ChatTemplate(standard->second, place, special_tokens);
  std::vector<std::string> names;
  for (const auto& [name, source] : sources) names.push_back(name);
  return ChatTemplate::unusable(
      place, fmt::format("there is no template named 'default'; found {}", fmt::join(names, ", ")));
}

}  // namespace austeer
