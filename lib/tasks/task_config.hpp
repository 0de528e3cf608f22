#pragma once
// What describes a task: a YAML file says where the data lie, how a record becomes a prompt, what
// is right and which pairs there are. A new task needs such a file and no code. configs/tasks/ has
// the examples, configs/tasks/README.md the building blocks one by one.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "tasks/record.hpp"

namespace austeer {

/// What one label of a choice task stands for. The texts are templates.
struct TaskAnswer {
  std::string label;
  std::string text;  ///< follows the prompt in the pair's texts
  std::string gold;  ///< what the model should generate
};

/// A field that a task adds to its records: the number that another field's text gives as its
/// answer (find_number), as people write it.
struct NumberField {
  std::string name;
  std::string from;  ///< the other field
};

/// One text of a pair, as templates, and the records that it is made of.
struct PairText {
  std::string prompt;  ///< what stands before the answer; "": the whole text is the answer
  std::string text;    ///< what follows it
  std::vector<Condition> where;
};

void describe(auto& visit, SettingsOf<PairText> auto& side) {
  visit(side.where, {.key = "where", .written = Written::unless_default});
  visit(side.prompt, {.key = "prompt", .written = Written::unless_default});
  visit(side.text, {.key = "text", .required = true});
}

/// The text alone where there is nothing else.
template <>
struct JsonForm<PairText> {
  static void read(Fields& fields, const std::string& key, PairText& text);
  static Json json(const PairText& text);
};

/// Pairs whose texts have templates of their own. With conditions on either side, the records of
/// the two sides are different ones: the first that meets `positive`'s makes a pair with the first
/// that meets `negative`'s, and so on to the end of the shorter list.
struct PairTexts {
  std::vector<Condition> where;  ///< of records that make both texts
  PairText positive;
  PairText negative;

  bool sides_differ() const { return !positive.where.empty() || !negative.where.empty(); }
};

void describe(auto& visit, SettingsOf<PairTexts> auto& pairs) {
  visit(pairs.where, {.key = "where", .written = Written::unless_default});
  visit(pairs.positive, {.key = "positive", .required = true});
  visit(pairs.negative, {.key = "negative", .required = true});
}

/// The most tokens that are generated, by family of models.
struct GenerationLengths {
  std::int64_t standard = 0;
  std::map<std::string, std::int64_t> by_family;  ///< "llama", "qwen3", ...
};

/// A number, or family -> number with "default" for the others.
template <>
struct JsonForm<GenerationLengths> {
  static void read(Fields& fields, const std::string& key, GenerationLengths& lengths);
  static Json json(const GenerationLengths& lengths);
};

/// Each split's name with the files that it is made of.
using SplitFiles = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// name -> file, or a list of them.
template <>
struct JsonForm<SplitFiles> {
  static void read(Fields& fields, const std::string& key, SplitFiles& splits);
  static Json json(const SplitFiles& splits);
};

/// name -> other field.
template <>
struct JsonForm<std::vector<NumberField>> {
  static void read(Fields& fields, const std::string& key, std::vector<NumberField>& numbers);
  static Json json(const std::vector<NumberField>& numbers);
};

/// label -> text, which is the gold text too unless gold_answers says otherwise.
template <>
struct JsonForm<std::vector<TaskAnswer>> {
  static void read(Fields& fields, const std::string& key, std::vector<TaskAnswer>& answers);
  static Json json(const std::vector<TaskAnswer>& answers);
};

/// The gold texts of answers, which have a key of their own: label -> text.
template <typename Answers>
struct GoldAnswers {
  Answers& answers;
};
template <typename Answers>
GoldAnswers(Answers&) -> GoldAnswers<Answers>;
template <typename Answers>
struct JsonForm<GoldAnswers<Answers>> {
  static void read(Fields& fields, const std::string& key, GoldAnswers<Answers>& golds) {
    Fields texts = fields.object(key);
    for (TaskAnswer& answer : golds.answers)
      answer.gold = texts.required<std::string>(answer.label);
    texts.refuse_unknown();
  }
  static Json json(const GoldAnswers<Answers>& golds) {
    Json json = Json::object();
    for (const TaskAnswer& answer : golds.answers) json[answer.label] = answer.gold;
    return json;
  }
};

/// Texts that end an answer: one, or a list.
struct EndTexts : std::vector<std::string> {};
template <>
struct JsonForm<EndTexts> {
  static void read(Fields& fields, const std::string& key, EndTexts& texts);
  static Json json(const EndTexts& texts) { return std::vector<std::string>(texts); }
};

/// What parts the columns of a CSV file.
template <>
struct JsonForm<std::optional<char>> {
  static void read(Fields& fields, const std::string& key, std::optional<char>& separator);
  static Json json(std::optional<char> separator) {
    return separator ? Json(std::string(1, *separator)) : Json();
  }
};

/// A task's YAML file, checked and with its defaults filled in. Either `label` and `answers` (a
/// choice task), or `answer` and `gold` (an open one; both empty where nothing is right or wrong).
struct TaskConfig {
  std::string name;
  std::string title;
  std::string description;
  std::string dataset;
  SplitFiles splits;
  std::optional<char> separator;  ///< of CSV files; nothing: as their headers have it
  std::vector<Condition> where;   ///< of the records that are used at all
  std::vector<NumberField> numbers;
  std::string prompt;
  bool chat = false;   ///< the model is asked in its chat format
  std::string system;  ///< template of the system message of the chat; "": none

  std::string label;                ///< the field with the right answer's label
  std::vector<TaskAnswer> answers;  ///< in the order of the file; at least two texts differ
  std::string answer;               ///< template of the right answer in the positive text
  std::string gold;                 ///< template of what the model should generate

  std::string wrong_answer;                        ///< a name of tasks/task.hpp; "": no such pairs
  std::optional<std::int64_t> wrong_answers_from;  ///< the first so many records; nothing: all
  std::string blank = " ";         ///< the wrong answer where the most similar is the right one
  std::optional<PairTexts> pairs;  ///< in place of the right and a wrong answer after the prompt
  GenerationLengths max_new_tokens;
  EndTexts stop;  ///< a generated answer ends before the first of them
  std::string metric;
  std::string answer_mark = "####";  ///< where number_match_published cuts a generated text

  bool is_choice() const { return !answers.empty(); }
};

void describe(auto& visit, SettingsOf<TaskConfig> auto& task) {
  constexpr auto unless_default = Written::unless_default;
  visit(task.name, {.key = "name", .required = true});
  visit(task.title, {.key = "title", .in_digest = false});
  visit(task.description, {.key = "description", .in_digest = false});
  visit(task.dataset, {.key = "dataset", .required = true});
  visit(task.splits, {.key = "splits", .required = true});
  visit(task.separator, {.key = "separator"});
  visit(task.where, {.key = "where", .written = unless_default});
  visit(task.numbers, {.key = "numbers", .written = unless_default});
  visit(task.prompt, {.key = "prompt", .required = true});
  visit(task.chat, {.key = "chat", .written = unless_default});
  visit(task.system, {.key = "system", .written = unless_default});
  const auto of_choice = task.is_choice() ? Written::always : Written::never;
  visit(task.label, {.key = "label", .written = of_choice});
  visit(task.answers, {.key = "answers", .written = of_choice});
  GoldAnswers golds{task.answers};
  visit(golds, {.key = "gold_answers", .written = of_choice});
  const auto of_open = task.gold.empty() ? Written::never : Written::always;
  visit(task.answer, {.key = "answer", .written = of_open});
  visit(task.gold, {.key = "gold", .written = of_open});
  visit(task.wrong_answer, {.key = "wrong_answer", .written = unless_default});
  visit(task.wrong_answers_from, {.key = "wrong_answers_from"});
  visit(task.blank, {.key = "blank", .written = unless_default});
  visit(task.pairs, {.key = "pairs"});
  visit(task.max_new_tokens, {.key = "max_new_tokens", .required = true});
  visit(task.stop, {.key = "stop", .written = unless_default});
  visit(task.metric, {.key = "metric", .required = true});
  visit(task.answer_mark, {.key = "answer_mark", .written = unless_default});
}

/// Reads `document` strictly; `place` (the YAML file) opens messages. Throws FormatError for
/// unknown or missing keys, wrong types, paths that leave the dataset's folder, fewer than two
/// different answers, gold answers for other labels than the answers', unknown names of building
/// blocks, separators that cannot separate, stop texts that are empty or too many, and parts that
/// cannot stand together.
TaskConfig read_task_config(const Json& document, const std::string& place);

}  // namespace austeer
