// Reading and checking a task's YAML file.
#include "tasks/task_config.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <set>

#include "base/error.hpp"
#include "base/names.hpp"
#include "tasks/metrics.hpp"
#include "tasks/task.hpp"

namespace austeer {
namespace {

constexpr std::int64_t most_new_tokens = 65536;
constexpr const char* default_length = "default";
constexpr std::string_view known_separators = ",;|:^~\t";
constexpr std::size_t most_stop_texts = 32;
constexpr std::size_t longest_stop_text = 256;

void refuse_outside(const std::string& path, const Fields& fields) {
  const std::filesystem::path parts(path);
  const bool leaves = std::ranges::find(parts, "..") != parts.end();
  if (path.empty() || parts.is_absolute() || leaves) {
    throw FormatError({fmt::format("{}: not a path below the datasets folder", fields.place()),
                       "a relative path without '..'", fmt::format("'{}'", path), ""});
  }
}

/// The texts at `key`: one, or a list.
std::vector<std::string> one_or_more(Fields& fields, const std::string& key) {
  if (fields.value(key).is_string()) return {fields.required<std::string>(key)};
  return fields.required<std::vector<std::string>>(key);
}

/// `name` must be one of `known`.
void refuse_unknown_name(const std::string& what, const std::string& name,
                         const std::vector<std::string>& known, const std::string& place) {
  if (std::ranges::find(known, name) != known.end()) return;
  throw FormatError(
      {fmt::format("{}: unknown {} '{}'", place, what, name), "", "", suggestion(name, known)});
}

void check_separator(const Fields& fields, const TaskConfig& config) {
  const bool has_csv = std::ranges::any_of(config.splits, [](const auto& split) {
    return std::ranges::any_of(split.second, [](const std::string& file) {
      return file.ends_with(".csv") || file.ends_with(".tsv");
    });
  });
  if (!config.separator || has_csv) return;
  throw FormatError({fields.place() + ": separator has nothing to separate",
                     "a split in a .csv or .tsv file", "none", ""});
}

/// Checks what only a wrong answer out of the data asks for.
void check_wrong_answer_source(const Fields& fields, const TaskConfig& config) {
  const bool drawn = !config.wrong_answer.empty() &&
                     (!config.is_choice() || wrong_answers().get(config.wrong_answer).compares);
  for (const char* key : {"wrong_answers_from", "blank"}) {
    if (!fields.has(key) || drawn) continue;
    throw FormatError(
        {fmt::format("{}: {}: no wrong answer is drawn from the data", fields.place(), key),
         "wrong_answer: most_similar, or next in an open task", "", ""});
  }
  if (config.wrong_answers_from.value_or(2) < 2) {
    fields.refuse("wrong_answers_from", "two records or more", *config.wrong_answers_from);
  }
  if (config.blank.empty() || !stripped(config.blank).empty()) {
    fields.refuse("blank", "one space or more", config.blank);
  }
}

void check_wrong_answer(const Fields& fields, const TaskConfig& config) {
  if (fields.has("wrong_answer")) {
    refuse_unknown_name("wrong answer", config.wrong_answer, wrong_answers().names(),
                        fields.place());
    if (config.pairs || (!config.is_choice() && config.answer.empty())) {
      throw FormatError({fields.place() + ": wrong_answer has nothing to be the wrong answer to",
                         "answers, or an answer, and no pairs beside them", "", ""});
    }
  }
  check_wrong_answer_source(fields, config);
}

std::int64_t read_length(Fields& fields, const std::string& key, const std::string& place) {
  const auto length = fields.required<std::int64_t>(key);
  if (length < 1 || length > most_new_tokens) {
    throw FormatError({place + ": max_new_tokens is out of range",
                       fmt::format("1 to {}", most_new_tokens), std::to_string(length), ""});
  }
  return length;
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

void check_chat(const Fields& fields, const TaskConfig& config) {
  if (!config.system.empty() && !config.chat) {
    fields.refuse("system", "chat: true beside it", config.system);
  }
  if (!config.chat || !config.pairs) return;
  for (const PairText* side : {&config.pairs->positive, &config.pairs->negative}) {
    if (!side->prompt.empty()) continue;
    fields.refuse(
        "chat", "both sides of pairs with a prompt, which goes into the chat, and a text after it",
        side->text);
  }
}

}  // namespace

void JsonForm<PairText>::read(Fields& fields, const std::string& key, PairText& text) {
  if (fields.value(key).is_string()) {
    text = {"", fields.required<std::string>(key), {}};
  } else {
    Fields side = fields.object(key);
    read_settings(side, text);
  }
}

Json JsonForm<PairText>::json(const PairText& text) {
  const bool is_alone = text.where.empty() && text.prompt.empty();
  return is_alone ? Json(text.text) : settings_json(text);
}

void JsonForm<GenerationLengths>::read(Fields& fields, const std::string& key,
                                       GenerationLengths& lengths) {
  const Json& value = fields.value(key);
  if (!value.is_object()) {
    lengths.standard = read_length(fields, key, fields.place());
    return;
  }
  Fields by_family = fields.object(key);
  lengths.standard = read_length(by_family, default_length, fields.place());
  for (const auto& [family, unused] : value.items()) {
    if (family == default_length) continue;
    lengths.by_family[family] = read_length(by_family, family, fields.place());
  }
}

Json JsonForm<GenerationLengths>::json(const GenerationLengths& lengths) {
  if (lengths.by_family.empty()) return lengths.standard;
  Json json = {{default_length, lengths.standard}};
  for (const auto& [family, length] : lengths.by_family) json[family] = length;
  return json;
}

void JsonForm<SplitFiles>::read(Fields& fields, const std::string& key, SplitFiles& splits) {
  Fields by_name = fields.object(key);
  for (const auto& [name, unused] : fields.value(key).items()) {
    const std::vector<std::string> files = one_or_more(by_name, name);
    if (files.empty() || name.empty() || name.find_first_of("[]:") != std::string::npos) {
      throw FormatError({fmt::format("{}: {}: not a split", by_name.place(), name),
                         "a name without brackets and colons, with a file or a list of files", "",
                         ""});
    }
    for (const std::string& file : files) refuse_outside(file, by_name);
    splits.emplace_back(name, files);
  }
  if (splits.empty()) {
    throw FormatError({by_name.place() + ": empty", "at least one split", "", ""});
  }
}

Json JsonForm<SplitFiles>::json(const SplitFiles& splits) {
  Json json = Json::object();
  for (const auto& [name, files] : splits) json[name] = files;
  return json;
}

void JsonForm<std::vector<NumberField>>::read(Fields& fields, const std::string& key,
                                              std::vector<NumberField>& numbers) {
  Fields by_name = fields.object(key);
  for (const auto& [name, unused] : fields.value(key).items()) {
    numbers.push_back({name, by_name.required<std::string>(name)});
  }
}

Json JsonForm<std::vector<NumberField>>::json(const std::vector<NumberField>& numbers) {
  Json json = Json::object();
  for (const NumberField& number : numbers) json[number.name] = number.from;
  return json;
}

void JsonForm<std::vector<TaskAnswer>>::read(Fields& fields, const std::string& key,
                                             std::vector<TaskAnswer>& answers) {
  Fields by_label = fields.object(key);
  for (const auto& [label, unused] : fields.value(key).items()) {
    const auto text = by_label.required<std::string>(label);
    answers.push_back({label, text, text});
  }
  const auto differs = [&](const TaskAnswer& answer) { return answer.text != answers[0].text; };
  if (std::ranges::none_of(answers, differs)) {
    throw FormatError({by_label.place() + ": too few answers",
                       "at least two different texts, a right and a wrong one for each pair", "",
                       ""});
  }
}

Json JsonForm<std::vector<TaskAnswer>>::json(const std::vector<TaskAnswer>& answers) {
  Json json = Json::object();
  for (const TaskAnswer& answer : answers) json[answer.label] = answer.text;
  return json;
}

void JsonForm<EndTexts>::read(Fields& fields, const std::string& key, EndTexts& texts) {
  texts = EndTexts{one_or_more(fields, key)};
  const auto wrong = [](const std::string& text) {
    return text.empty() || text.size() > longest_stop_text;
  };
  if (texts.empty() || texts.size() > most_stop_texts || std::ranges::any_of(texts, wrong)) {
    fields.refuse(key,
                  fmt::format("a text or up to {} of them, each of 1 to {} bytes", most_stop_texts,
                              longest_stop_text),
                  fields.value(key));
  }
}

void JsonForm<std::optional<char>>::read(Fields& fields, const std::string& key,
                                         std::optional<char>& separator) {
  const auto text = fields.required<std::string>(key);
  if (text.size() != 1 || known_separators.find(text) == std::string_view::npos) {
    fields.refuse(key, "one of , ; | : ^ ~ and the tab \"\\t\"", text);
  }
  separator = text[0];
}

TaskConfig read_task_config(const Json& document, const std::string& place) {
  Fields fields(document, place);
  TaskConfig config;
  const bool is_choice = fields.has("label") || fields.has("answers");
  using Keys = std::set<std::string>;
  read_settings(fields, config, is_choice ? Keys{"answer", "gold"} : Keys{"gold_answers"});
  for (const char* key : {"label", "answers"}) {
    if (is_choice) fields.value(key);  // either needs the other
  }
  if (!fields.has("title")) config.title = config.name;
  if (!fields.has("gold")) config.gold = config.answer;
  if (!fields.has("wrong_answer") && config.is_choice() && !config.pairs) {
    config.wrong_answer = "next";
  }
  refuse_outside(config.dataset, fields);
  check_separator(fields, config);
  check_wrong_answer(fields, config);
  check_chat(fields, config);
  if (config.answer_mark.empty()) fields.refuse("answer_mark", "a text", config.answer_mark);
  check_metric(config, place);
  return config;
}

}  // namespace austeer
