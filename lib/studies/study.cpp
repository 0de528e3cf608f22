#include "studies/study.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/files.hpp"
#include "base/names.hpp"
#include "studies/include.hpp"

namespace austeer {
namespace {

/// A task's YAML file lies beside the study; anything else is a name.
std::string task_beside(const std::string& task, const std::filesystem::path& study) {
  const bool is_file = task.ends_with(".yaml") || task.ends_with(".yml");
  return is_file ? (study.parent_path() / task).string() : task;
}

StudyTask read_task(const std::string& name, Fields fields, const std::filesystem::path& study) {
  StudyTask task;
  task.name = task.task = name;
  read_settings(fields, task);
  task.task = task_beside(task.task, study);
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

/// Reads settings of a run over those that `run` has: all but the model, which a study names
/// itself.
void read_run(Fields fields, RunOptions& run) { read_settings(fields, run, {"model"}); }

/// Reads what describe() says of a study.
void read_values(Fields& fields, Study& study) {
  SettingsReader reader(fields);
  describe(reader, study);
  if (!(study.race_share > 0 && study.race_share <= 1)) {
    fields.refuse("race_share", "a share above 0, at most 1", study.race_share);
  }
  if (!study.judge) return;
  completions_address(study.judge->endpoint);
  if (study.judge->model.empty()) {
    fields.object("judge").refuse("model", "the judge's name on its server", "");
  }
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

ExampleKeys read_example_keys(const Json& examples, const Study& study) {
  Fields fields(examples, study.file.string() + ": examples");
  ExampleKeys keys;
  keys.items = fields.optional<std::int64_t>("items", keys.items);
  if (keys.items < 0) fields.refuse("items", "0 or more", keys.items);
  std::vector<std::string> names;
  for (const StudyMethod& method : study.methods) names.push_back(method.name);
  for (const auto& name : fields.optional<std::vector<std::string>>("methods", {})) {
    const auto found = std::ranges::find(study.methods, name, &StudyMethod::name);
    if (found == study.methods.end()) {
      throw UsageError("study",
                       fmt::format("{}: the study has no method '{}'", fields.place(), name),
                       suggestion(name, names));
    }
    keys.methods.push_back(&*found);
  }
  fields.refuse_unknown();
  if (!keys.methods.empty()) return keys;
  for (const StudyMethod& method : study.methods) keys.methods.push_back(&method);
  std::stable_partition(keys.methods.begin(), keys.methods.end(),
                        [](const StudyMethod* method) { return !method->is_control(); });
  return keys;
}

/// The value at `key`, which is an object or a list as `fallback` is; `fallback` without one.
Json raw(Fields& fields, const std::string& key, Json fallback) {
  if (!fields.is_given(key)) return fallback;
  const Json& value = fields.value(key);
  if (value.type() != fallback.type()) {
    fields.refuse(key, fallback.is_array() ? "a list" : "keys with values", value);
  }
  return value;
}

}  // namespace

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
  const StudyDocument whole = read_with_includes(file);
  const Json& document = whole.merged;
  Fields fields(document, file.string());
  Study study;
  study.file = file;
  study.text = read_file(file);
  if (whole.includes) study.merged = to_text(document, 2);
  read_values(fields, study);
  study.tasks = read_tasks(fields.object("tasks"), fields.value("tasks"), file);
  take_methods(raw(fields, "methods", Json::object()), study);
  if (fields.is_given("run")) read_run(fields.object("run"), study.run);
  study.table = read_table_keys(raw(fields, "table", Json::object()), study);
  study.figures = read_figure_specs(raw(fields, "figures", Json::array()), study);
  study.examples = read_example_keys(raw(fields, "examples", Json::object()), study);
  study.published = read_published(raw(fields, "published", Json::object()), study);
  fields.refuse_unknown();
  return study;
}

Study open_study(const std::filesystem::path& file, const Json& run) {
  Study study = read_study(file);
  read_run(Fields(run, "the command line"), study.run);
  return study;
}

std::filesystem::path study_folder(const std::filesystem::path& file) {
  return std::filesystem::path("austeer-studies") / file.stem();
}

}  // namespace austeer
