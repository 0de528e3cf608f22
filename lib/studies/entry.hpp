#pragma once
// One entry of a study's tables: a method (or the unsteered model) on a task with a model, and what
// came out of it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.hpp"
#include "studies/folder.hpp"
#include "studies/study.hpp"

namespace austeer {

/// Which entry: places in the study's lists.
struct Entry {
  std::string model;
  const StudyTask* task = nullptr;
  const StudyMethod* method = nullptr;  ///< as it is there; null: the unsteered model

  std::string method_name() const { return method == nullptr ? vanilla : method->name; }
};

/// All entries of a study: models, in each its tasks, in each the unsteered model and the methods
/// that run on the task.
std::vector<Entry> entries_of(const Study& study);

/// "smollm2-135m-instruct, COPA, CAA"
std::string entry_text(const Entry& entry);

/// The name of an entry's outcome: a digest of all that the study says of it.
std::string outcome_key(const Study& study, const Entry& entry);

/// What a variant did when a choice was made.
struct VariantOutcome {
  std::vector<std::string> cells;
  std::int64_t items = 0;
  double mean = 0;     ///< score over those items
  std::string failed;  ///< why it could not be carried out
  /// More than 1: the cells are so many draws of the same items. Otherwise they are further items.
  std::size_t draws = 1;
};

void describe(auto& visit, SettingsOf<VariantOutcome> auto& outcome) {
  visit(outcome.cells, {.key = "cells", .required = true});
  visit(outcome.items, {.key = "items", .required = true});
  visit(outcome.mean, {.key = "mean", .required = true});
  visit(outcome.failed, {.key = "failed", .written = Written::unless_default});
  visit(outcome.draws, {.key = "draws", .least = 1, .written = Written::unless_default});
}

/// An evaluation on the test items.
struct TestOutcome {
  std::size_t variant = 0;
  std::string control;  ///< "" for the method itself
  std::optional<std::uint64_t> seed;
  std::string cell;
};

void describe(auto& visit, SettingsOf<TestOutcome> auto& test) {
  visit(test.variant, {.key = "variant", .required = true});
  visit(test.control, {.key = "control"});
  visit(test.cell, {.key = "cell", .required = true});
  visit(test.seed, {.key = "seed"});
}

/// Pairs of a task that a method learns from.
struct PairCounts {
  std::int64_t left = 0;   ///< that are there
  std::int64_t asked = 0;  ///< how many there would have been without items of the choice
};

void describe(auto& visit, SettingsOf<PairCounts> auto& pairs) {
  visit(pairs.left, {.key = "left", .required = true});
  visit(pairs.asked, {.key = "asked", .required = true});
}

struct EntryOutcome {
  std::vector<VariantOutcome> choice;  ///< one per variant, where a choice was made
  std::optional<std::size_t> chosen;
  std::int64_t evaluations = 0;  ///< variants times items, for the choice
  std::string ranking;           ///< key of the chosen variant's; "" where nothing was chosen
  std::vector<TestOutcome> tests;
  std::optional<PairCounts> pairs;  ///< of a method
};

void describe(auto& visit, SettingsOf<EntryOutcome> auto& outcome) {
  visit(outcome.choice, {.key = "choice", .required = true});
  visit(outcome.chosen, {.key = "chosen", .written = Written::always});
  visit(outcome.evaluations, {.key = "evaluations", .required = true});
  visit(outcome.ranking, {.key = "ranking", .required = true});
  visit(outcome.tests, {.key = "tests", .required = true});
  visit(outcome.pairs, {.key = "pairs"});
}

/// Throws FileError.
void write_outcome(const StudyFolder& folder, const Study& study, const Entry& entry,
                   const EntryOutcome& outcome);

/// The outcome of an entry that is done; nothing otherwise. Throws FormatError.
std::optional<EntryOutcome> read_outcome(const StudyFolder& folder, const Study& study,
                                         const Entry& entry);

}  // namespace austeer
