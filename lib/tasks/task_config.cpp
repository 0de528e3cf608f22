// Reading and checking a task's YAML file.
#include "tasks/task_config.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "tasks/metrics.hpp"
#include "tasks/strip.hpp"
#include "tasks/wrong_answers.hpp"

namespace austeer {
namespace {

constexpr std::int64_t most_new_tokens = 65536;
constexpr const char* default_length = "default";

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

/// What is right: the answers of a choice task, or the answer of an open one.
void read_right_answer(Fields& fields, TaskConfig& config) {
  if (fields.has("label") || fields.has("answers")) {
    config.label = fields.required<std::string>("label");
    config.answers = read_answers(fields.object("answers"), fields.value("answers"));
    if (fields.has("gold_answers")) {
      read_gold_answers(fields.object("gold_answers"), config.answers);
    }
    config.wrong_answer = "next";
    return;
  }
  config.answer = fields.optional<std::string>("answer", "");
  config.gold = fields.optional<std::string>("gold", config.answer);
}

PairText read_pair_text(Fields& fields, const std::string& key) {
  if (fields.value(key).is_string()) return {"", fields.required<std::string>(key), {}};
  Fields side = fields.object(key);
  PairText result{side.optional<std::string>("prompt", ""), side.required<std::string>("text"),
                  read_conditions(side, "where")};
  side.refuse_unknown();
  return result;
}

PairTexts read_pair_texts(Fields fields) {
  PairTexts pairs;
  pairs.where = read_conditions(fields, "where");
  pairs.positive = read_pair_text(fields, "positive");
  pairs.negative = read_pair_text(fields, "negative");
  fields.refuse_unknown();
  return pairs;
}

/// `name` must be one of `known`.
void refuse_unknown_name(const std::string& what, const std::string& name,
                         const std::vector<std::string>& known, const std::string& place) {
  if (std::ranges::find(known, name) != known.end()) return;
  throw FormatError(
      {fmt::format("{}: unknown {} '{}'", place, what, name), "", "", suggestion(name, known)});
}

/// What only a wrong answer out of the data asks for.
void read_wrong_answer_source(Fields& fields, TaskConfig& config) {
  const bool drawn = !config.wrong_answer.empty() &&
                     (!config.is_choice() || wrong_answers().get(config.wrong_answer).compares);
  for (const char* key : {"wrong_answers_from", "blank"}) {
    if (!fields.has(key) || drawn) continue;
    throw FormatError(
        {fmt::format("{}: {}: no wrong answer is drawn from the data", fields.place(), key),
         "wrong_answer: most_similar, or next in an open task", "", ""});
  }
  if (fields.has("wrong_answers_from")) {
    config.wrong_answers_from = fields.required<std::int64_t>("wrong_answers_from");
    if (*config.wrong_answers_from < 2) {
      fields.refuse("wrong_answers_from", "two records or more", *config.wrong_answers_from);
    }
  }
  config.blank = fields.optional<std::string>("blank", config.blank);
  if (config.blank.empty() || !stripped(config.blank).empty()) {
    fields.refuse("blank", "one space or more", config.blank);
  }
}

void read_pairs(Fields& fields, TaskConfig& config) {
  if (fields.has("pairs")) {
    config.pairs = read_pair_texts(fields.object("pairs"));
    config.wrong_answer.clear();
  }
  if (!fields.has("wrong_answer")) return read_wrong_answer_source(fields, config);
  config.wrong_answer = fields.required<std::string>("wrong_answer");
  refuse_unknown_name("wrong answer", config.wrong_answer, wrong_answers().names(), fields.place());
  if (config.pairs || (!config.is_choice() && config.answer.empty())) {
    throw FormatError({fields.place() + ": wrong_answer has nothing to be the wrong answer to",
                       "answers, or an answer, and no pairs beside them", "", ""});
  }
  read_wrong_answer_source(fields, config);
}

std::int64_t read_length(Fields& fields, const std::string& key, const std::string& place) {
  const auto length = fields.required<std::int64_t>(key);
  if (length < 1 || length > most_new_tokens) {
    throw FormatError({place + ": max_new_tokens is out of range",
                       fmt::format("1 to {}", most_new_tokens), std::to_string(length), ""});
  }
  return length;
}

GenerationLengths read_lengths(Fields& fields) {
  GenerationLengths lengths;
  if (!fields.value("max_new_tokens").is_object()) {
    lengths.standard = read_length(fields, "max_new_tokens", fields.place());
    return lengths;
  }
  Fields by_family = fields.object("max_new_tokens");
  lengths.standard = read_length(by_family, default_length, fields.place());
  for (const auto& [family, unused] : fields.value("max_new_tokens").items()) {
    if (family == default_length) continue;
    lengths.by_family[family] = read_length(by_family, family, fields.place());
  }
  return lengths;
}

std::vector<NumberField> read_numbers(Fields fields, const Json& object) {
  std::vector<NumberField> numbers;
  for (const auto& [name, unused] : object.items()) {
    numbers.push_back({name, fields.required<std::string>(name)});
  }
  return numbers;
}

/// Metrics that compare need a gold answer; texts that nothing compares have none.
void check_metric(const TaskConfig& config, const std::string& place) {
  refuse_unknown_name("metric", config.metric, metrics().names(), place);
  const bool compares = metrics().get(config.metric).kind == MetricKind::comparison;
  if (compares && !config.is_choice() && config.gold.empty()) {
    throw FormatError(
        {fmt::format("{}: nothing to compare with", place),
         fmt::format("label and answers, or an answer, for the metric {}", config.metric), "", ""});
  }
}

Json pair_text_json(const PairText& text) {
  if (text.where.empty() && text.prompt.empty()) return text.text;
  Json json;
  if (!text.where.empty()) json["where"] = conditions_json(text.where);
  if (!text.prompt.empty()) json["prompt"] = text.prompt;
  json["text"] = text.text;
  return json;
}

Json lengths_json(const GenerationLengths& lengths) {
  if (lengths.by_family.empty()) return lengths.standard;
  Json json = {{default_length, lengths.standard}};
  for (const auto& [family, length] : lengths.by_family) json[family] = length;
  return json;
}

/// What is right and which pairs there are, in the form of the YAML file.
void add_answers(const TaskConfig& config, Json& json) {
  if (config.is_choice()) {
    json["label"] = config.label;
    for (const TaskAnswer& answer : config.answers) {
      json["answers"][answer.label] = answer.text;
      json["gold_answers"][answer.label] = answer.gold;
    }
  } else if (!config.gold.empty()) {
    json["answer"] = config.answer;
    json["gold"] = config.gold;
  }
  if (!config.wrong_answer.empty()) json["wrong_answer"] = config.wrong_answer;
  if (config.wrong_answers_from) json["wrong_answers_from"] = *config.wrong_answers_from;
  if (config.blank != TaskConfig().blank) json["blank"] = config.blank;
  if (!config.pairs) return;
  if (!config.pairs->where.empty()) json["pairs"]["where"] = conditions_json(config.pairs->where);
  json["pairs"]["positive"] = pair_text_json(config.pairs->positive);
  json["pairs"]["negative"] = pair_text_json(config.pairs->negative);
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
  config.where = read_conditions(fields, "where");
  if (fields.has("numbers")) {
    config.numbers = read_numbers(fields.object("numbers"), fields.value("numbers"));
  }
  config.prompt = fields.required<std::string>("prompt");
  read_right_answer(fields, config);
  read_pairs(fields, config);
  config.max_new_tokens = read_lengths(fields);
  config.metric = fields.required<std::string>("metric");
  config.answer_mark = fields.optional<std::string>("answer_mark", config.answer_mark);
  if (config.answer_mark.empty()) fields.refuse("answer_mark", "a text", config.answer_mark);
  check_metric(config, place);
  fields.refuse_unknown();
  return config;
}

Json task_config_json(const TaskConfig& config) {
  Json splits = Json::object();
  for (const auto& [name, files] : config.splits) splits[name] = files;
  Json json = {{"name", config.name},
               {"title", config.title},
               {"description", config.description},
               {"dataset", config.dataset},
               {"splits", splits}};
  if (!config.where.empty()) json["where"] = conditions_json(config.where);
  for (const NumberField& number : config.numbers) json["numbers"][number.name] = number.from;
  json["prompt"] = config.prompt;
  add_answers(config, json);
  json["max_new_tokens"] = lengths_json(config.max_new_tokens);
  json["metric"] = config.metric;
  if (config.answer_mark != TaskConfig().answer_mark) json["answer_mark"] = config.answer_mark;
  return json;
}

}  // namespace austeer
