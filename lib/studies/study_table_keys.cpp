#include "studies/study_table_keys.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/enum_names.hpp"
#include "studies/optional_keys.hpp"

namespace austeer {
namespace {

constexpr std::array table_row_names = {std::pair{"methods", TableRows::methods},
                                        std::pair{"variants", TableRows::variants}};

TableRows read_rows(Fields& fields, const Study& study) {
  const bool chooses = study.select != Selection::none;
  const std::string fallback = chooses ? "methods" : "variants";
  const TableRows rows = value_in(table_row_names, fields.optional<std::string>("rows", fallback),
                                  "study", "kind of a table's rows");
  if (rows == TableRows::methods && !chooses) {
    throw UsageError("study",
                     fmt::format("{}: rows: methods, but with select: none no variant of "
                                 "a method is chosen to stand for it",
                                 fields.place()),
                     "Use rows: variants, or another way of selecting");
  }
  return rows;
}

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

/// One method's published figures.
void check_figures(Fields figures, const Json& document, const std::vector<std::string>* tasks) {
  for (const auto& [task, figure] : document.items()) {
    const auto value = figures.required<double>(task);
    if (!(value >= 0 && value <= 100)) figures.refuse(task, "per cent, from 0 to 100", figure);
    if (tasks != nullptr) refuse_mistyped(task, *tasks, figures.place(), "task");
  }
}

}  // namespace

TableKeys read_table_keys(const Study& study) {
  Fields fields(study.table, study.file.string() + ": table");
  TableKeys keys;
  keys.rows = read_rows(fields, study);
  keys.intervals = fields.optional<bool>("intervals", keys.intervals);
  keys.controls = fields.optional<bool>("controls", keys.controls);
  keys.average = fields.optional<bool>("average", study.tasks.size() > 1);
  keys.title = fields.optional<std::string>("title", study.title);
  fields.refuse_unknown();
  return keys;
}

std::string variant_label(const StudyMethod& method, std::size_t variant) {
  const std::string text = variant_text(method.variants.at(variant), method.axes);
  return text.empty() ? method.name : method.name + ", " + text;
}

std::optional<double> published_figure(const Study& study, const std::string& model,
                                       const std::string& label, const std::string& task) {
  const Json* found = &study.published;
  for (const std::string& key : {model, label, task}) {
    if (!found->is_object() || !found->contains(key)) return std::nullopt;
    found = &found->at(key);
  }
  if (!found->is_number()) return std::nullopt;
  return found->get<double>();
}

void check_published(const Study& study) {
  const std::vector<std::string> labels = labels_of(study);
  std::vector<std::string> tasks = {published_average};
  for (const StudyTask& task : study.tasks) tasks.push_back(task.name);
  Fields models(study.published, study.file.string() + ": published");
  for (const auto& [model, methods] : study.published.items()) {
    const bool is_run = std::ranges::find(study.models, model) != study.models.end();
    Fields rows = models.object(model);
    for (const auto& [label, figures] : methods.items()) {
      if (is_run) refuse_mistyped(label, labels, rows.place(), "method");
      check_figures(rows.object(label), figures, is_run ? &tasks : nullptr);
    }
  }
}

}  // namespace austeer
