#pragma once
// A study: models x tasks x methods x their grids, from one YAML file. experiments/README.md has
// every key; experiments/ has a study for each table and figure of the paper.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "judging/chat_client.hpp"
#include "runs/eval.hpp"
#include "runs/options.hpp"
#include "runs/tokenised_pairs.hpp"
#include "studies/figure_spec.hpp"
#include "studies/method_grid.hpp"
#include "studies/study_table_keys.hpp"

namespace austeer {

/// How a method's hyper-parameters are chosen.
enum class Selection {
  dev,   ///< the best of the whole grid on items of the training data that give no pairs
  test,  ///< the best on the test items themselves, as published; every table says so
  race,  ///< as dev, but variants that fall behind are dropped early (studies/selecting.hpp)
  none,  ///< nothing is chosen: every variant meets the test items
};

constexpr auto enum_table(Selection) {
  return EnumTable{
      "study", "way of selecting",
      std::array{std::pair{"dev", Selection::dev}, std::pair{"test", Selection::test},
                 std::pair{"race", Selection::race}, std::pair{"none", Selection::none}}};
}

template <>
struct JsonForm<Selection> : UsageJsonForm<Selection> {};

/// A task of a study, and which part of its data serves what.
struct StudyTask {
  std::string name;             ///< in tables
  std::string task;             ///< a name of configs/tasks/, or a YAML file
  std::string train = "train";  ///< split of the pairs
  std::int64_t pairs = 1000;    ///< at most
  std::string wrong_answer;     ///< how pairs find it, in place of the task's way
  std::string dev;              ///< split of the choice; "": the last dev_items of `train`
  std::int64_t dev_items = 100;
  std::string test = "test";
  std::optional<std::int64_t> items;  ///< of `test`, at most
  Scoring scoring = Scoring::generate;
  std::optional<std::int64_t> max_new_tokens;
  std::string scorer;
};

/// All but the name, which is the key that the task stands at.
void describe(auto& visit, SettingsOf<StudyTask> auto& task) {
  visit(task.task, {.key = "task"});
  visit(task.train, {.key = "train"});
  visit(task.pairs, {.key = "pairs", .least = 1});
  visit(task.dev, {.key = "dev"});
  visit(task.dev_items, {.key = "dev_items", .least = 1});
  visit(task.test, {.key = "test"});
  visit(task.items, {.key = "items", .least = 1, .written = Written::always});
  visit(task.scoring, {.key = "scoring"});
  visit(task.max_new_tokens, {.key = "max_new_tokens", .least = 1, .written = Written::always});
  visit(task.scorer, {.key = "scorer"});
  visit(task.wrong_answer, {.key = "wrong_answer", .written = Written::unless_default});
}

/// Which answers are shown side by side: the items on which a method changed the unsteered model's
/// answers most.
struct ExampleKeys {
  std::int64_t items = 3;                   ///< of each model and task
  std::vector<const StudyMethod*> methods;  ///< the first of them says which items; point into the
                                            ///< study. Default: all, that are no controls before
                                            ///< those that are
};

/// Everything that the file says, read and checked once. It can be moved but not copied: parts of
/// it point to others.
struct Study {
  Study() = default;
  Study(Study&&) = default;
  Study& operator=(Study&&) = default;

  std::filesystem::path file;
  std::string title;
  std::string question;
  std::vector<std::string> models;
  std::vector<StudyTask> tasks;
  std::vector<StudyMethod> methods;  ///< beside the unsteered model, which is always there
  std::vector<OwnGrid> own_grids;    ///< where one of them has another grid: method_on() knows
  std::vector<std::uint64_t> seeds = {0, 1, 2, 3, 4};  ///< of what is drawn: controls, locations
  Selection select = Selection::dev;
  double race_share = 0.2;  ///< of the whole grid's evaluations, at most
  std::int64_t max_tokens = 512;
  VoidPairsChoice void_pairs = VoidPairsChoice::keep;
  RunOptions run;                    ///< all but the model
  std::optional<ChatOptions> judge;  ///< of tasks whose answers a judge compares
  TableKeys table;
  std::vector<FigureSpec> figures;
  ExampleKeys examples;
  PublishedFigures published;
  std::string text;    ///< of the file
  std::string merged;  ///< JSON of that with all that it includes; "" where it includes nothing

  /// Whether hyper-parameters are chosen on items of their own.
  bool chooses_on_dev() const { return select == Selection::dev || select == Selection::race; }

  /// Whether any method runs on the task.
  bool has_method_on(const std::string& task) const;

  /// One of `methods` as it is on this model and task; null where it does not run on the task.
  const StudyMethod* method_on(const std::string& model, const std::string& task,
                               const StudyMethod& method) const;
};

/// The keys with values of their own; those that are parts, such as tasks and methods, are read
/// after them, since they name one another. In the digest are those that every entry depends on.
void describe(auto& visit, SettingsOf<Study> auto& study) {
  visit(study.title, {.key = "title", .required = true, .in_digest = false});
  visit(study.question, {.key = "question", .in_digest = false});
  visit(study.models, {.key = "models", .required = true, .filled = true, .in_digest = false});
  visit(study.select, {.key = "select"});
  visit(study.race_share, {.key = "race_share"});
  visit(study.seeds, {.key = "seeds", .filled = true});
  visit(study.max_tokens, {.key = "max_tokens", .least = 1});
  visit(study.void_pairs, {.key = "void_pairs", .written = Written::unless_default});
  visit(study.judge, {.key = "judge", .in_digest = false});
}

/// Reads a study, and the files that it includes, strictly. Throws FileError, FormatError (with the
/// nearest known key for an unknown one), UsageError for unknown methods, rules and the like.
Study read_study(const std::filesystem::path& file);

/// Reads a study and checks what it asks to be shown; the settings in `run`, those of a command
/// line, win over the file's. Throws as read_study() does.
Study open_study(const std::filesystem::path& file, const Json& run = Json::object());

/// The folder of its results, below the current one, unless another one is named.
std::filesystem::path study_folder(const std::filesystem::path& file);

/// The name of the unsteered model in tables, and of its results.
inline constexpr const char* vanilla = "vanilla";

}  // namespace austeer
