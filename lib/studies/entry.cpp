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

VariantOutcome read_variant_outcome(Fields fields) {
  VariantOutcome outcome;
  outcome.cells = fields.required<std::vector<std::string>>("cells");
  outcome.items = fields.required<std::int64_t>("items");
  outcome.mean = fields.required<double>("mean");
  outcome.failed = fields.optional<std::string>("failed", "");
  outcome.draws = fields.optional<std::size_t>("draws", 1);
  if (outcome.draws > 1 && outcome.draws != outcome.cells.size()) {
    fields.refuse("draws", "as many as cells", outcome.draws);
  }
  return outcome;
}

TestOutcome read_test_outcome(Fields fields, std::size_t variants) {
  TestOutcome test;
  test.variant = fields.required<std::size_t>("variant");
  if (test.variant >= std::max<std::size_t>(1, variants)) {
    fields.refuse("variant", "one of the grid's", test.variant);
  }
  test.control = fields.optional<std::string>("control", "");
  if (fields.has("seed")) test.seed = fields.required<std::uint64_t>("seed");
  test.cell = fields.required<std::string>("cell");
  return test;
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
  Json choice = Json::array();
  for (const VariantOutcome& variant : outcome.choice) {
    choice.push_back({{"cells", variant.cells}, {"items", variant.items}, {"mean", variant.mean}});
    if (!variant.failed.empty()) choice.back()["failed"] = variant.failed;
    if (variant.draws > 1) choice.back()["draws"] = variant.draws;
  }
  Json tests = Json::array();
  for (const TestOutcome& test : outcome.tests) {
    tests.push_back({{"variant", test.variant}, {"control", test.control}, {"cell", test.cell}});
    if (test.seed) tests.back()["seed"] = *test.seed;
  }
  Json document = {{"schema", 1},
                   {"entry", entry_json(study, entry)},
                   {"choice", choice},
                   {"chosen", outcome.chosen ? Json(*outcome.chosen) : Json()},
                   {"evaluations", outcome.evaluations},
                   {"ranking", outcome.ranking},
                   {"tests", tests}};
  if (entry.method != nullptr) {
    document["pairs"] = {{"left", outcome.pairs}, {"asked", outcome.pairs_asked}};
  }
  write_file(folder.outcome(outcome_key(study, entry)), to_text(document, 2) + "\n");
}

std::optional<EntryOutcome> read_outcome(const StudyFolder& folder, const Study& study,
                                         const Entry& entry) {
  const std::filesystem::path file = folder.outcome(outcome_key(study, entry));
  if (!std::filesystem::exists(file)) return std::nullopt;
  const Json document = read_json(file);
  Fields fields(document, file.string());
  const std::size_t variants = entry.method == nullptr ? 0 : entry.method->variants.size();
  EntryOutcome outcome;
  for (const Json& variant : fields.value("choice")) {
    outcome.choice.push_back(read_variant_outcome(Fields(variant, file.string())));
  }
  if (fields.has("chosen")) {
    outcome.chosen = fields.required<std::size_t>("chosen");
    if (*outcome.chosen >= variants) fields.refuse("chosen", "one of the grid's", *outcome.chosen);
  }
  outcome.evaluations = fields.required<std::int64_t>("evaluations");
  outcome.ranking = fields.required<std::string>("ranking");
  if (fields.has("pairs")) {
    Fields pairs = fields.object("pairs");
    outcome.pairs = pairs.required<std::int64_t>("left");
    outcome.pairs_asked = pairs.required<std::int64_t>("asked");
  }
  for (const Json& test : fields.value("tests")) {
    outcome.tests.push_back(read_test_outcome(Fields(test, file.string()), variants));
  }
  return outcome;
}

}  // namespace austeer
