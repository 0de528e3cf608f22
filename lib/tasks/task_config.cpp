// Reading and checking a task's YAML file.
#include "tasks/task_config.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "tasks/metrics.hpp"

namespace austeer {
namespace {

constexpr std::int64_t most_new_tokens = 65536;

void refuse_outside(const std::string& path, const Fields& fields) {
  const std::filesystem::path parts(path);
  const bool leaves = std::ranges::find(parts, "..") != parts.end();
  if (path.empty() || parts.is_absolute() || leaves) {
    throw FormatError({fmt::format("{}: not a path below the datasets folder", fields.place()),
                       "a relative path without '..'", fmt::format("'{}'", path), ""});
  }
}

std::vector<std::pair<std::string, std::vector<std::string>>> read_splits(Fields fields,
                                                                          const Json& object) {
  std::vector<std::pair<std::string, std::vector<std::string>>> splits;
  for (const auto& [name, value] : object.items()) {
    std::vector<std::string> files;
    if (value.is_string()) {
      files.push_back(fields.required<std::string>(name));
    } else {
      files = fields.required<std::vector<std::string>>(name);
    }
    if (files.empty() || name.empty() || name.find_first_of("[]:") != std::string::npos) {
      throw FormatError({fmt::format("{}: {}: not a split", fields.place(), name),
                         "a name without brackets and colons, with a file or a list of files", "",
                         ""});
    }
    for (const std::string& file : files) refuse_outside(file, fields);
    splits.emplace_back(name, std::move(files));
  }
  if (splits.empty()) {
    throw FormatError({fields.place() + ": empty", "at least one split", "", ""});
  }
  return splits;
}

std::vector<TaskAnswer> read_answers(Fields fields, const Json& object) {
  std::vector<TaskAnswer> answers;
  for (const auto& [label, value] : object.items()) {
    const std::string text = fields.required<std::string>(label);
    answers.push_back({label, text, text});
  }
  const auto differs = [&](const TaskAnswer& answer) { return answer.text != answers[0].text; };
  if (std::ranges::none_of(answers, differs)) {
    throw FormatError({fields.place() + ": too few answers",
                       "at least two different texts, a right and a wrong one for each pair", "",
                       ""});
  }
  return answers;
}

void read_gold_answers(Fields fields, std::vector<TaskAnswer>& answers) {
  for (TaskAnswer& answer : answers) answer.gold = fields.required<std::string>(answer.label);
  fields.refuse_unknown();
}

}  // namespace

TaskConfig read_task_config(const Json& document, const std::string& place) {
  Fields fields(document, place);
  TaskConfig config;
  config.name = fields.required<std::string>("name");
  config.title = fields.optional<std::string>("title", config.name);
  config.description = fields.optional<std::string>("description", "");
  config.dataset = fields.required<std::string>("dataset");
  refuse_outside(config.dataset, fields);
  config.splits = read_splits(fields.object("splits"), fields.value("splits"));
  config.prompt = fields.required<std::string>("prompt");
  config.label = fields.required<std::string>("label");
  config.answers = read_answers(fields.object("answers"), fields.value("answers"));
  if (fields.has("gold_answers")) read_gold_answers(fields.object("gold_answers"), config.answers);
  config.max_new_tokens = fields.required<std::int64_t>("max_new_tokens");
  if (config.max_new_tokens < 1 || config.max_new_tokens > most_new_tokens) {
    throw FormatError({place + ": max_new_tokens is out of range",
                       fmt::format("1 to {}", most_new_tokens),
                       std::to_string(config.max_new_tokens), ""});
  }
  config.metric = fields.required<std::string>("metric");
  if (const auto known = metrics().names();
      std::ranges::find(known, config.metric) == known.end()) {
    throw FormatError({fmt::format("{}: unknown metric '{}'", place, config.metric), "", "",
                       suggestion(config.metric, known)});
  }
  fields.refuse_unknown();
  return config;
}

Json task_config_json(const TaskConfig& config) {
  Json splits = Json::object();
  for (const auto& [name, files] : config.splits) splits[name] = files;
  Json answers = Json::object();
  Json gold_answers = Json::object();
  for (const TaskAnswer& answer : config.answers) {
    answers[answer.label] = answer.text;
    gold_answers[answer.label] = answer.gold;
  }
  return {{"name", config.name},
          {"title", config.title},
          {"description", config.description},
          {"dataset", config.dataset},
          {"splits", splits},
          {"prompt", config.prompt},
          {"label", config.label},
          {"answers", answers},
          {"gold_answers", gold_answers},
          {"max_new_tokens", config.max_new_tokens},
          {"metric", config.metric}};
}

}  // namespace austeer
