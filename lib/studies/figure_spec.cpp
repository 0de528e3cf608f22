#include "studies/figure_spec.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/names.hpp"
#include "base/suggest.hpp"
#include "studies/figure_kinds.hpp"

namespace austeer {
namespace {

/// The names of tasks or methods.
template <typename T>
std::vector<std::string> names_of_all(const std::vector<T>& all) {
  std::vector<std::string> names;
  for (const T& each : all) names.push_back(each.name);
  return names;
}

FigureSpec read_figure_spec(const Study& study, const Json& entry, const std::string& place) {
  FigureFields figure(study, entry, place);
  Fields& fields = figure.fields();
  FigureSpec spec;
  spec.name = fields.required<std::string>("name");
  if (!is_plain_name(spec.name)) {
    fields.refuse("name", "letters, digits, '.', '_' and '-'", spec.name);
  }
  spec.kind = fields.required<std::string>("kind");
  spec.title = fields.optional<std::string>("title", "");
  const FigureKind* kind = find_figure_kind(spec.kind);
  if (kind == nullptr) {
    figure.refuse(fmt::format("unknown kind '{}'", spec.kind),
                  suggestion(spec.kind, figure_kind_names()));
  }
  spec.models = figure.models();
  spec.tasks = figure.tasks();
  kind->read(figure, spec);
  fields.refuse_unknown();
  return spec;
}

}  // namespace

void FigureFields::refuse(const std::string& problem, const std::string& hint) const {
  throw UsageError("plot", fmt::format("{}: {}", fields_.place(), problem), hint);
}

std::vector<std::string> FigureFields::models() {
  const auto named = fields_.optional<std::vector<std::string>>("models", {});
  for (const std::string& name : named) {
    if (std::ranges::find(study_.models, name) != study_.models.end()) continue;
    refuse(fmt::format("the study has no model '{}'", name), suggestion(name, study_.models));
  }
  return named.empty() ? study_.models : named;
}

std::vector<const StudyTask*> FigureFields::tasks() {
  const std::vector<std::string> all = names_of_all(study_.tasks);
  std::vector<const StudyTask*> tasks;
  for (const std::string& name : fields_.optional<std::vector<std::string>>("tasks", all)) {
    const auto found = std::ranges::find(study_.tasks, name, &StudyTask::name);
    if (found == study_.tasks.end()) {
      refuse(fmt::format("the study has no task '{}'", name), suggestion(name, all));
    }
    tasks.push_back(&*found);
  }
  if (tasks.empty()) refuse("it shows no task", "Leave `tasks` out for all of the study");
  return tasks;
}

const StudyMethod* FigureFields::known_method(const std::string& name) const {
  const auto found = std::ranges::find(study_.methods, name, &StudyMethod::name);
  if (found != study_.methods.end()) return &*found;
  if (name == vanilla) refuse("the unsteered model is drawn wherever it belongs", "Leave it out");
  refuse(fmt::format("the study has no method '{}'", name),
         suggestion(name, names_of_all(study_.methods)));
}

std::vector<const StudyMethod*> FigureFields::methods(const std::string& key) {
  std::vector<const StudyMethod*> methods;
  for (const std::string& name : fields_.optional<std::vector<std::string>>(key, {})) {
    methods.push_back(known_method(name));
  }
  return methods;
}

const StudyMethod* FigureFields::method() {
  const auto name = fields_.optional<std::string>("method", "");
  if (!name.empty()) return known_method(name);
  if (study_.methods.size() == 1) return &study_.methods.front();
  refuse("it shows one method, but none is named",
         fmt::format("Set `method`; {}", suggestion("", names_of_all(study_.methods))));
}

std::vector<const StudyMethod*> FigureFields::methods_along(const std::string& axis) {
  std::vector<const StudyMethod*> named = methods("methods");
  for (const StudyMethod* method : named) expect_axis(*method, axis);
  if (!named.empty()) return named;
  std::set<std::string> axes;
  for (const StudyMethod& method : study_.methods) {
    axes.insert(method.axes.begin(), method.axes.end());
    if (std::ranges::find(method.axes, axis) != method.axes.end()) named.push_back(&method);
  }
  if (!named.empty()) return named;
  const std::vector<std::string> known(axes.begin(), axes.end());
  refuse(fmt::format("no method has the axis '{}'", axis),
         known.empty() ? "Give a method a list of values" : suggestion(axis, known));
}

void FigureFields::expect_axis(const StudyMethod& method, const std::string& axis) const {
  if (std::ranges::find(method.axes, axis) != method.axes.end()) return;
  refuse(fmt::format("{} has no axis '{}'", method.name, axis),
         method.axes.empty() ? "Its grid has one variant: give it a list of values"
                             : suggestion(axis, method.axes));
}

std::vector<FigureSpec> read_figure_specs(const Study& study) {
  std::vector<FigureSpec> specs;
  std::set<std::string> names;
  for (const Json& entry : study.figures) {
    const std::string place = fmt::format("{}: figure {}", study.file.string(), specs.size() + 1);
    specs.push_back(read_figure_spec(study, entry, place));
    if (names.insert(specs.back().name).second) continue;
    throw UsageError("plot",
                     fmt::format("{}: another one is called '{}'", place, specs.back().name),
                     "Name it otherwise");
  }
  return specs;
}

std::string plain_part(const std::string& name) {
  std::string plain = name;
  for (char& letter : plain) {
    if (!is_plain_name(std::string("a") + letter)) letter = '-';
  }
  return plain;
}

}  // namespace austeer
