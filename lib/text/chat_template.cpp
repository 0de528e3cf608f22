#include "text/chat_template.hpp"

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <utility>
#include <variant>
#include <vector>

#include "base/hash.hpp"
#include "base/paths.hpp"
#include "base/utf8.hpp"
#include "text/jinja_renderer.hpp"
#include "text/jinja_syntax.hpp"

namespace austeer {
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
  std::int64_t given = 0;
  const auto [stop, error] = std::from_chars(fixed.data(), fixed.data() + fixed.size(), given);
  if (error != std::errc() || stop != fixed.data() + fixed.size()) {
    throw UsageError(ErrorParts{"[chat template] SOURCE_DATE_EPOCH is no time",
                                "seconds since 1970", "'" + fixed + "'", ""});
  }
  seconds = static_cast<std::time_t>(given);
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
