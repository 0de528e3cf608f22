#pragma once
// What one figure is made of: the results of a model (and a task), and the rankings behind them.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "documents/figure.hpp"
#include "reports/results.hpp"
#include "steering/ranking.hpp"
#include "studies/figure_spec.hpp"
#include "studies/folder.hpp"

namespace austeer {

// A figure in words, for those who cannot see it.

/// What is to be seen: of curves where they begin, peak and end, of bars their values, of a heat
/// map its extremes.
std::string figure_words(const Figure& figure);

/// A figure cannot be made of what is there. It is skipped, and the message says what is missing.
class MissingResults : public Error {
  using Error::Error;
};

/// All must outlive it.
struct FigureSource {
  const Study& study;
  const StudyFolder& folder;
  const std::vector<EntryResults>& results;
  std::string model;
  const StudyTask* task = nullptr;  ///< null in a figure of several tasks
  std::string name;                 ///< of the figure
  std::string which;  ///< of the figures of an entry, in words: "COPA, gemma-2-2b-it"; "" of one

  /// The results of a method on a task. Throws MissingResults where they are not there.
  const EntryResults& entry(const StudyTask& of, const std::string& method) const;

  /// The same on the task of the figure.
  const EntryResults& entry(const StudyMethod& method) const { return entry(*task, method.name); }

  /// The ranking of the chosen variant. Throws MissingResults, FormatError.
  Ranking ranking(const EntryResults& found) const;

  /// The title that the study gives the figure, or `otherwise` without one.
  std::string title(const FigureSpec& spec, const std::string& otherwise) const;

  /// "COPA"; where the study has several models "COPA (gemma-2-2b-it)".
  std::string place_words() const;

 private:
  [[noreturn]] void miss(const std::string& what) const;
};

/// The place of the chosen variant in the grid. Throws MissingResults where none could be carried
/// out.
std::size_t chosen_variant(const EntryResults& found);

// What the figures of accuracies share: variants along an axis of a grid, and numbers in per cent.

/// The variants that differ from the chosen one along some axes alone.
struct Slice {
  std::vector<std::size_t> variants;  ///< places in the grid, in its order
  std::string held;                   ///< where the other axes stand: "site ffn"; "" without any
};

/// The slice through the chosen variant. Throws MissingResults as chosen_variant() does.
Slice slice_along(const EntryResults& found, const std::vector<std::string>& axes);

/// What a variant did where the choice was made; null where it failed.
const Measured* measured_variant(const EntryResults& found, std::size_t variant);

/// "k (units steered)" for "plan.k"; the last part of an axis that has no such words.
std::string axis_label(const std::string& axis);

/// "k 16, alpha 2": where a variant stands on these axes.
std::string point_words(const StudyMethod& method, std::size_t variant,
                        const std::vector<std::string>& axes);

/// In per cent, to six decimals: 55, where 100 * 0.55 is not quite that.
double in_percent(double share);
Interval in_percent(const Interval& share);

/// "accuracy (%)"; of detoxification "answers that are not toxic (%)".
std::string score_label(const Measured& measured);

/// "500 test items", "20 to 100 items of the choice". Throws MissingResults where nothing was
/// measured.
std::string items_words(const Study& study, const std::vector<const Measured*>& measured);

/// The first that is there. Throws MissingResults likewise.
const Measured& first_measured(const std::vector<const Measured*>& measured);

/// " 2 variants could not be carried out and are left out. " or "".
std::string failed_words(const std::vector<const Measured*>& measured);

}  // namespace austeer
