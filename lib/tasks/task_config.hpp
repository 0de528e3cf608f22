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

#include "base/json.hpp"
#include "tasks/condition.hpp"

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

/// Pairs whose texts have templates of their own. With conditions on either side, the records of
/// the two sides are different ones: the first that meets `positive`'s makes a pair with the first
/// that meets `negative`'s, and so on to the end of the shorter list.
struct PairTexts {
  std::vector<Condition> where;  ///< of records that make both texts
  PairText positive;
  PairText negative;

  bool sides_differ() const { return !positive.where.empty() || !negative.where.empty(); }
};

/// The most tokens that are generated, by family of models.
struct GenerationLengths {
  std::int64_t standard = 0;
  std::map<std::string, std::int64_t> by_family;  ///< "llama", "qwen3", ...
};

/// A task's YAML file, checked and with its defaults filled in. Either `label` and `answers` (a
/// choice task), or `answer` and `gold` (an open one; both empty where nothing is right or wrong).
struct TaskConfig {
  std::string name;
  std::string title;
  std::string description;
  std::string dataset;
  std::vector<std::pair<std::string, std::vector<std::string>>> splits;
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

  std::string wrong_answer;  ///< a name of tasks/wrong_answers.hpp; "": no such pairs
  std::optional<std::int64_t> wrong_answers_from;  ///< the first so many records; nothing: all
  std::string blank = " ";         ///< the wrong answer where the most similar is the right one
  std::optional<PairTexts> pairs;  ///< in place of the right and a wrong answer after the prompt
  GenerationLengths max_new_tokens;
  std::vector<std::string> stop;  ///< texts: a generated answer ends before the first of them
  std::string metric;
  std::string answer_mark = "####";  ///< where number_match_published cuts a generated text

  bool is_choice() const { return !answers.empty(); }
};

/// Reads `document` strictly; `place` (the YAML file) opens messages. Throws FormatError for
/// unknown or missing keys, wrong types, paths that leave the dataset's folder, fewer than two
/// different answers, gold answers for other labels than the answers', unknown names of building
/// blocks, separators that cannot separate, stop texts that are empty or too many, and parts that
/// cannot stand together.
TaskConfig read_task_config(const Json& document, const std::string& place);

/// The configuration as JSON, in the form of the YAML file.
Json task_config_json(const TaskConfig& config);

}  // namespace austeer
