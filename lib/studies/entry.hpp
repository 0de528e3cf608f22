#pragma once
// One entry of a study's tables: a method (or the unsteered model) on a task with a model, and what
// came out of it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
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

/// An evaluation on the test items.
struct TestOutcome {
  std::size_t variant = 0;
  std::string control;  ///< "" for the method itself
  std::optional<std::uint64_t> seed;
  std::string cell;
};

struct EntryOutcome {
  std::vector<VariantOutcome> choice;  ///< one per variant, where a choice was made
  std::optional<std::size_t> chosen;
  std::int64_t evaluations = 0;  ///< variants times items, for the choice
  std::string ranking;           ///< key of the chosen variant's; "" where nothing was chosen
  std::int64_t pairs = 0;        ///< that there were to learn from; 0: not recorded
  std::int64_t pairs_asked = 0;  ///< that there would have been without items of the choice
  std::vector<TestOutcome> tests;
};

/// Throws FileError.
void write_outcome(const StudyFolder& folder, const Study& study, const Entry& entry,
                   const EntryOutcome& outcome);

/// The outcome of an entry that is done; nothing otherwise. Throws FormatError.
std::optional<EntryOutcome> read_outcome(const StudyFolder& folder, const Study& study,
                                         const Entry& entry);

}  // namespace austeer
