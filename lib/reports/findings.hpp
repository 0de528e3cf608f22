#pragma once
// What must be said beside a study's numbers, in sentences: how hyper-parameters were chosen, which
// controls were not beaten, what failed and what is missing. Tables and reports share them.

#include <string>
#include <vector>

#include "reports/results.hpp"

namespace austeer {

/// An adjusted p-value below this is called significant.
inline constexpr double significance_level = 0.05;

/// "random units".
std::string control_words(Control control);

/// "CAA on COPA"; where the study has several models "CAA on COPA (gemma-2-2b-it)".
std::string entry_words(const Study& study, const Entry& entry);

/// `words` as a list: "a, b and c"; of more than `most` the first, and how many more.
std::string list_words(const std::vector<std::string>& words, std::size_t most = 8);

/// Whether any method has a choice to make.
bool has_grid(const Study& study);

/// How the hyper-parameters were chosen, on which items, at what cost.
std::string selection_sentence(const Study& study, const std::vector<EntryResults>& results);

/// Per task and model how many pairs were left to learn from, where items of the choice took
/// others' records.
std::vector<std::string> pairs_sentences(const std::vector<EntryResults>& results);

/// Per entry the controls that its method is not clearly above, with the differences.
std::vector<std::string> unbeaten_sentences(const Study& study,
                                            const std::vector<EntryResults>& results);

/// Methods, variants and controls that could not be carried out, each with the reason.
std::vector<std::string> failure_sentences(const Study& study,
                                           const std::vector<EntryResults>& results);

/// The entries that have not been run, in one sentence; empty where all have.
std::string missing_sentence(const Study& study, const std::vector<EntryResults>& results);

}  // namespace austeer
