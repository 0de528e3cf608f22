#pragma once
// The configurations of the cells behind a study's results: where its numbers come from.

#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "reports/results.hpp"
#include "studies/folder.hpp"

namespace austeer {

/// A cell's result without its items.
struct ReportCell {
  const EntryResults* results = nullptr;
  bool is_test = false;  ///< else of the choice
  Json document;         ///< as `austeer eval` writes it
};

/// Every cell that was carried out and that `results` were read from. Throws FileError,
/// FormatError.
std::vector<ReportCell> report_cells(const StudyFolder& folder,
                                     const std::vector<EntryResults>& results);

/// What the cells have in common or not, each with all its values: versions, device, number
/// format, threads, fingerprints, pairs, prompts.
std::vector<std::pair<std::string, std::string>> provenance_of(
    const Study& study, const std::vector<ReportCell>& cells);

/// Of each model and task whose pairs had void ones: how many, and what became of them.
std::vector<std::string> void_pairs_sentences(const std::vector<ReportCell>& cells);

/// The names of the tasks of which a test met the prompts of the samples that come with austeer,
/// which are there to try things with.
std::vector<std::string> tasks_with_samples(const std::vector<ReportCell>& cells);

}  // namespace austeer
