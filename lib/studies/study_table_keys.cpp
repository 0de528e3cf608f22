#include "studies/study_table_keys.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/names.hpp"
#include "studies/study.hpp"

namespace austeer {
namespace {

std::vector<std::string> labels_of(const Study& study) {
  std::vector<std::string> labels = {vanilla};
  for (const StudyMethod& method : study.methods) {
    labels.push_back(method.name);
    for (std::size_t i = 0; i < method.variants.size(); ++i) {
      const std::string label = variant_label(method, i);
      if (label != method.name) labels.push_back(label);
    }
  }
  return labels;
}

}  // namespace

TableKeys read_table_keys(const Json& table, const Study& study) {
  const bool chooses = study.select != Selection::none;
  Fields fields(table, study.file.string() + ": table");
  TableKeys keys;
  keys.rows = chooses ? TableRows::methods : TableRows::variants;
  keys.title = study.title;
  read_settings(fields, keys);
  if (keys.rows == TableRows::methods && !chooses) {
    throw UsageError("study",
                     fmt::format("{}: rows: methods, but with select: none no variant of "
                                 "a method is chosen to stand for it",
                                 fields.place()),
                     "Use rows: variants, or another way of selecting");
  }
  const bool has_task_columns = keys.sections == TableSections::models;
  if (!fields.is_given("average")) keys.average = study.tasks.size() > 1 && has_task_columns;
  if (keys.average && !has_task_columns) {
    fields.refuse("average", "false with sections: tasks, which have no column for it", true);
  }
  return keys;
}

std::string variant_label(const StudyMethod& method, std::size_t variant) {
  const std::string text = variant_text(method.variants.at(variant), method.axes);
  return text.empty() ? method.name : method.name + ", " + text;
}

void PublishedFigures::add(const std::string& model, const std::string& label,
                           const std::string& task, double per_cent) {
  figures_[{model, label, task}] = per_cent;
}

std::optional<double> PublishedFigures::find(const std::string& model, const std::string& label,
                                             const std::string& task) const {
  const auto found = figures_.find({model, label, task});
  return found == figures_.end() ? std::nullopt : std::optional(found->second);
}

PublishedFigures read_published(const Json& published, const Study& study) {
  const std::vector<std::string> labels = labels_of(study);
  std::vector<std::string> tasks = {published_average};
  for (const StudyTask& task : study.tasks) tasks.push_back(task.name);
  PublishedFigures figures;
  Fields models(published, study.file.string() + ": published");
  for (const auto& [model, of_model] : published.items()) {
    const bool is_run = std::ranges::find(study.models, model) != study.models.end();
    Fields rows = models.object(model);
    for (const auto& [label, of_row] : of_model.items()) {
      if (is_run) refuse_mistyped(label, labels, rows.place(), "method");
      Fields row = rows.object(label);
      for (const auto& [task, figure] : of_row.items()) {
        const auto per_cent = row.required<double>(task);
        if (!(per_cent >= 0 && per_cent <= 100)) {
          row.refuse(task, "per cent, from 0 to 100", figure);
        }
        if (is_run) refuse_mistyped(task, tasks, row.place(), "task");
        figures.add(model, label, task, per_cent);
      }
    }
  }
  return figures;
}

}  // namespace austeer
