#pragma once
// What one figure is made of: the results of a model (and a task), and the rankings behind them.

#include <string>
#include <vector>

#include "base/error.hpp"
#include "steering/ranking.hpp"
#include "studies/figure_spec.hpp"
#include "studies/folder.hpp"
#include "studies/results.hpp"

namespace austeer {

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

}  // namespace austeer
