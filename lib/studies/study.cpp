#include "studies/study.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "base/enum_names.hpp"
#include "studies/include.hpp"
#include "studies/optional_keys.hpp"
#include "studies/plots.hpp"
#include "studies/study_table.hpp"

namespace austeer {
namespace {

constexpr std::array selections = {
    std::pair{"dev", Selection::dev}, std::pair{"test", Selection::test},
    std::pair{"race", Selection::race}, std::pair{"none", Selection::none}};

/// Throws FormatError unless the number at `key` is at least 1.
void at_least_one(const Fields& fields, const std::string& key, std::int64_t value) {
  if (value < 1) fields.refuse(key, "at least 1", value);
}

/// A task's YAML file lies beside the study; anything else is a name.
std::string task_beside(const std::string& task, const std::filesystem::path& study) {
  const bool is_file = task.ends_with(".yaml") || task.ends_with(".yml");
  return is_file ? (study.parent_path() / task).string() : task;
}

StudyTask read_task(const std::string& name, Fields fields, const std::filesystem::path& study) {
  StudyTask task;
  task.name = name;
  task.task = task_beside(fields.optional<std::string>("task", name), study);
  task.train = fields.optional<std::string>("train", task.train);
  task.pairs = fields.optional<std::int64_t>("pairs", task.pairs);
  at_least_one(fields, "pairs", task.pairs);
  task.wrong_answer = fields.optional<std::string>("wrong_answer", "");
  task.dev = fields.optional<std::string>("dev", "");
  task.dev_items = fields.optional<std::int64_t>("dev_items", task.dev_items);
  at_least_one(fields, "dev_items", task.dev_items);
  task.test = fields.optional<std::string>("test", task.test);
  if (is_given(fields, "items")) {
    task.items = fields.required<std::int64_t>("items");
    at_least_one(fields, "items", *task.items);
  }
  task.scoring = parse_scoring(fields.optional<std::string>("scoring", "generate"));
  if (is_given(fields, "max_new_tokens")) {
    task.max_new_tokens = fields.required<std::int64_t>("max_new_tokens");
    at_least_one(fields, "max_new_tokens", *task.max_new_tokens);
  }
  task.scorer = fields.optional<std::string>("scorer", "");
  fields.refuse_unknown();
  return task;
}

std::vector<StudyTask> read_tasks(Fields fields, const Json& tasks,
                                  const std::filesystem::path& study) {
  std::vector<StudyTask> all;
  for (const auto& [name, keys] : tasks.items()) {
    const Json none = Json::object();
    all.push_back(keys.is_null() ? read_task(name, Fields(none, fields.place()), study)
                                 : read_task(name, fields.object(name), study));
  }
  return all;
}

/// Autoencoders lie where they are named from the study's folder.
void find_autoencoders(StudyMethod& method, const std::filesystem::path& study) {
  for (Variant& variant : method.variants) {
    if (!variant.settings.contains("sae") || !variant.settings.at("sae").is_string()) continue;
    Json& path = variant.settings["sae"];
    path = (study.parent_path() / path.get<std::string>()).string();
  }
}

RunOptions read_run(Fields fields) {
  RunOptions run;
  run.device = fields.optional<std::string>("device", run.device);
  run.offload = fields.optional<bool>("offload", run.offload);
  run.dtype = fields.optional<std::string>("dtype", run.dtype);
  run.threads = fields.optional<int>("threads", run.threads);
  run.engine.batch_tokens = fields.optional<std::int64_t>("batch_tokens", run.engine.batch_tokens);
  at_least_one(fields, "batch_tokens", run.engine.batch_tokens);
  run.datasets = fields.optional<std::string>("datasets", run.datasets);
  fields.refuse_unknown();
  return run;
}

ChatOptions read_judge(Fields fields) {
  ChatOptions judge;
  judge.endpoint = fields.required<std::string>("endpoint");
  completions_address(judge.endpoint);
  judge.model = fields.required<std::string>("model");
  if (judge.model.empty()) fields.refuse("model", "the judge's name on its server", "");
  judge.key_variable = fields.optional<std::string>("key_variable", judge.key_variable);
  fields.refuse_unknown();
  return judge;
}

void read_selection(Fields& fields, Study& study) {
  study.select = value_in(selections, fields.optional<std::string>("select", "dev"), "study",
                          "way of selecting");
  study.race_share = fields.optional<double>("race_share", study.race_share);
  if (!(study.race_share > 0 && study.race_share <= 1)) {
    fields.refuse("race_share", "a share above 0, at most 1", study.race_share);
  }
  study.seeds = fields.optional<std::vector<std::uint64_t>>("seeds", study.seeds);
  if (study.seeds.empty()) fields.refuse("seeds", "at least one", Json::array());
}

void take_methods(const Json& document, Study& study) {
  std::vector<std::string> tasks;
  for (const StudyTask& task : study.tasks) tasks.push_back(task.name);
  MethodGrids grids = read_methods(document, study.models, tasks, study.file.string());
  study.methods = std::move(grids.methods);
  study.own_grids = std::move(grids.own);
  for (StudyMethod& method : study.methods) {
    find_autoencoders(method, study.file);
    if (study.select != Selection::none || method.controls.empty()) continue;
    throw UsageError("study",
                     fmt::format("{}: {}: controls are those of a variant that was chosen, but "
                                 "with select: none nothing is",
                                 study.file.string(), method.name),
                     "Make the control a method of its own: plan: {control: random}");
  }
  for (OwnGrid& own : study.own_grids) find_autoencoders(own.method, study.file);
}

/// The value at `key`, which is an object or a list as `fallback` is; `fallback` without one.
Json raw(Fields& fields, const std::string& key, Json fallback) {
  if (!is_given(fields, key)) return fallback;
  const Json& value = fields.value(key);
  if (value.type() != fallback.type()) {
    fields.refuse(key, fallback.is_array() ? "a list" : "keys with values", value);
  }
  return value;
}

}  // namespace

std::string selection_name(Selection selection) { return name_in(selections, selection); }

bool Study::has_method_on(const std::string& task) const {
  return std::ranges::any_of(methods,
                             [&](const StudyMethod& method) { return method.runs_on(task); });
}

const StudyMethod* Study::method_on(const std::string& model, const std::string& task,
                                    const StudyMethod& method) const {
  if (!method.runs_on(task)) return nullptr;
  const auto found = std::ranges::find_if(own_grids, [&](const OwnGrid& own) {
    return own.model == model && own.task == task && own.method.name == method.name;
  });
  return found == own_grids.end() ? &method : &found->method;
}

Study read_study(const std::filesystem::path& file) {
  const Json document = read_with_includes(file);
  Fields fields(document, file.string());
  Study study;
  study.file = file;
  study.title = fields.required<std::string>("title");
  study.question = fields.optional<std::string>("question", "");
  study.models = fields.required<std::vector<std::string>>("models");
  if (study.models.empty()) fields.refuse("models", "at least one", Json::array());
  study.tasks = read_tasks(fields.object("tasks"), fields.value("tasks"), file);
  read_selection(fields, study);
  take_methods(raw(fields, "methods", Json::object()), study);
  study.max_tokens = fields.optional<std::int64_t>("max_tokens", study.max_tokens);
  at_least_one(fields, "max_tokens", study.max_tokens);
  study.void_pairs = parse_void_pairs_choice(
      fields.optional<std::string>("void_pairs", void_pairs_choice_name(study.void_pairs)));
  if (is_given(fields, "run")) study.run = read_run(fields.object("run"));
  if (is_given(fields, "judge")) study.judge = read_judge(fields.object("judge"));
  study.table = raw(fields, "table", Json::object());
  study.figures = raw(fields, "figures", Json::array());
  study.published = raw(fields, "published", Json::object());
  fields.refuse_unknown();
  return study;
}

Study open_study(const StudyChoice& choice) {
  Study study = read_study(choice.file);
  check_table_keys(study);
  check_figures(study);
  RunOptions& run = study.run;
  run.datasets = choice.datasets.value_or(run.datasets);
  run.device = choice.device.value_or(run.device);
  run.dtype = choice.dtype.value_or(run.dtype);
  run.threads = choice.threads.value_or(run.threads);
  run.engine.batch_tokens = choice.batch_tokens.value_or(run.engine.batch_tokens);
  return study;
}

std::filesystem::path study_folder(const StudyChoice& choice) {
  if (!choice.folder.empty()) return choice.folder;
  return std::filesystem::path("austeer-studies") / choice.file.stem();
}

}  // namespace austeer
