#pragma once
// What came out of a study, read back from its folder and compared: every entry against the
// unsteered model and against its controls, item by item. Needs neither models nor data.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "statistics/interval.hpp"
#include "statistics/paired.hpp"
#include "studies/entry.hpp"

namespace austeer {

/// One way of answering the items, measured. With several seeds an item's score is their mean.
struct Measured {
  std::vector<double> scores;  ///< per item, in [0, 1]
  double accuracy = 0;
  Interval interval;  ///< 95 %: Wilson's; with several seeds or a judge a bootstrap over the items
  std::vector<double> draws;       ///< accuracy of each draw, where there are several
  std::optional<AnswerForm> form;  ///< over all cells
  std::int64_t activations_per_token = 0;
  bool is_detoxification = false;  ///< the scores say which answers are not toxic
  bool is_judged = false;          ///< a judge compared the answers with the unsteered model's
  std::optional<double> cost;      ///< nats per token; the mean of the draws. Nothing where answers
                                   ///< are all empty, or further items lie in further cells
  std::optional<double> fluency;   ///< bits; likewise
  std::vector<std::string> cells;
  std::int64_t no_verdict = 0;  ///< items, over all cells, that the judge gave none on
};

/// `other` against `baseline` on the same items. Of judged answers the difference is the paper's
/// change of the win rate: wins less losses, twice the difference of the scores.
PairedComparison compare_measured(const Measured& baseline, const Measured& other);

struct MeasuredControl {
  Control control;
  std::optional<Measured> measured;            ///< nothing where it could not be carried out
  std::string failed;                          ///< then why
  std::optional<PairedComparison> comparison;  ///< of the method with it, on the same items
};

/// A variant where the choice was made.
struct MeasuredVariant {
  std::optional<Measured> measured;  ///< on the items that it met; nothing where it failed
  std::string failed;
};

struct EntryResults {
  Entry entry;
  bool done = false;                    ///< everything below is there
  std::vector<MeasuredVariant> choice;  ///< one per variant, where a choice was made
  std::optional<std::size_t> chosen;
  std::int64_t evaluations = 0;  ///< for the choice
  std::string ranking;           ///< key of the chosen variant's (StudyFolder::ranking)
  std::optional<PairCounts> pairs;
  std::optional<Measured> test;  ///< of the chosen variant; nothing where it failed
  std::string failed;            ///< then why
  std::optional<PairedComparison> against_vanilla;
  double adjusted_p = 1;  ///< of that, Holm's over all methods of the study
  std::vector<MeasuredControl> controls;

  /// The controls that it is not clearly above: their 95 % interval of the difference holds 0 or
  /// less.
  std::vector<Control> unbeaten_controls() const;
};

/// One per entry of the study, in their order. Throws FormatError for broken files.
std::vector<EntryResults> read_results(const Study& study, const StudyFolder& folder);

/// The results of a model, task and method (null: the unsteered model); null where there are none.
const EntryResults* find_results(const std::vector<EntryResults>& results, const std::string& model,
                                 const std::string& task, const std::string& method);

/// Whether the task's results say how toxic its answers are.
bool is_detoxification(const StudyTask& task, const std::vector<EntryResults>& results);

/// Whether a judge compared the task's answers.
bool is_judged(const StudyTask& task, const std::vector<EntryResults>& results);

}  // namespace austeer
