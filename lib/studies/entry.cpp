#include "studies/entry.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/files.hpp"
#include "studies/judging.hpp"

namespace austeer {
namespace {

Json method_json(const StudyMethod& method) {
  Json variants = Json::array();
  Json controls = Json::array();
  Json revisions = Json::object();
  for (const Variant& variant : method.variants) {
    variants.push_back(variant.choice);
    if (variant.recipe.control) add_control_revision(*variant.recipe.control, revisions);
  }
  for (const Control control : method.controls) {
    controls.push_back(enum_name(control));
    add_control_revision(control, revisions);
  }
  Json json = {{"name", method.name}, {"variants", variants}, {"controls", controls}};
  if (!revisions.empty()) json["control_revisions"] = revisions;
  return json;
}

bool draws_anything(const StudyMethod& method) {
  return std::ranges::any_of(method.controls, [](Control control) { return is_drawn(control); }) ||
         std::ranges::any_of(method.variants,
                             [](const Variant& variant) { return variant.is_drawn(); });
}

/// The seeds as far as the entry depends on them: the default ones only where something is drawn.
std::vector<std::uint64_t> seeds_of(const Study& study, const StudyMethod& method) {
  const bool counts = draws_anything(method) || study.seeds != Study().seeds;
  return counts ? study.seeds : std::vector<std::uint64_t>{0};
}

Json entry_json(const Study& study, const Entry& entry) {
  Json task = {{"name", entry.task->name}};
  task.update(settings_json(*entry.task));
  Json json = {{"model", entry.model}, {"task", std::move(task)}};
  if (entry.method == nullptr) return json;
  json["method"] = method_json(*entry.method);
  if (study.judge) json["judge"] = judge_key(study);
  json.update(identity_json(study));
  json["seeds"] = seeds_of(study, *entry.method);
  return json;
}

/// Throws FormatError for places that the grid does not have.
void check_outcome(const Fields& fields, const EntryOutcome& outcome, std::size_t variants) {
  for (const VariantOutcome& variant : outcome.choice) {
    if (variant.draws == 1 || variant.draws == variant.cells.size()) continue;
    fields.refuse("choice", "as many draws as cells", variant.draws);
  }
  if (outcome.chosen && *outcome.chosen >= variants) {
    fields.refuse("chosen", "one of the grid's", *outcome.chosen);
  }
  for (const TestOutcome& test : outcome.tests) {
    if (test.variant < std::max<std::size_t>(1, variants)) continue;
    fields.refuse("tests", "variants of the grid", test.variant);
  }
}

}  // namespace

std::vector<Entry> entries_of(const Study& study) {
  std::vector<Entry> entries;
  for (const std::string& model : study.models) {
    for (const StudyTask& task : study.tasks) {
      entries.push_back({model, &task, nullptr});
      for (const StudyMethod& method : study.methods) {
        const StudyMethod* here = study.method_on(model, task.name, method);
        if (here != nullptr) entries.push_back({model, &task, here});
      }
    }
  }
  return entries;
}

std::string entry_text(const Entry& entry) {
  return fmt::format("{}, {}, {}", entry.model, entry.task->name, entry.method_name());
}

std::string outcome_key(const Study& study, const Entry& entry) {
  return short_digest(entry_json(study, entry));
}

void write_outcome(const StudyFolder& folder, const Study& study, const Entry& entry,
                   const EntryOutcome& outcome) {
  Json document = {{"schema", 1}, {"entry", entry_json(study, entry)}};
  document.update(settings_json(outcome));
  write_file(folder.outcome(outcome_key(study, entry)), to_text(document, 2) + "\n");
}

std::optional<EntryOutcome> read_outcome(const StudyFolder& folder, const Study& study,
                                         const Entry& entry) {
  const std::filesystem::path file = folder.outcome(outcome_key(study, entry));
  if (!std::filesystem::exists(file)) return std::nullopt;
  const Json document = read_json(file);
  Fields fields(document, file.string());
  // That the entry is this one is said by the file's name, its digest.
  for (const char* key : {"schema", "entry"}) fields.is_given(key);
  EntryOutcome outcome;
  read_settings(fields, outcome);
  check_outcome(fields, outcome, entry.method == nullptr ? 0 : entry.method->variants.size());
  return outcome;
}

}  // namespace austeer
