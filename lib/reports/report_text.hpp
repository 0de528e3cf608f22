#pragma once
// What a study's report says in words of its own, all of it made from the numbers.

#include <string>
#include <vector>

#include "reports/results.hpp"
#include "reports/study_table.hpp"

namespace austeer {

/// What came out: how many comparisons are significant, and for each model and task which methods
/// are better than the unsteered model, which worse, which cannot be told from it.
std::vector<std::string> outcome_paragraphs(const Study& study,
                                            const std::vector<EntryResults>& results,
                                            const std::vector<ModelRows>& models);

/// What speaks against reading too much into the results. `sample_tasks` met samples in place of
/// real data. Empty where there is nothing to warn of.
std::vector<std::string> report_warnings(const Study& study,
                                         const std::vector<EntryResults>& results,
                                         const std::vector<ModelRows>& models,
                                         const std::vector<std::string>& sample_tasks);

/// A grid's values: "k 4, 16; alpha 1, 4"; of a grid of one "".
std::string grid_words(const StudyMethod& method);

/// What all of a method's variants share: "method caa, alpha 1".
std::string fixed_words(const StudyMethod& method);

/// The axes on which the chosen variant has the least or the greatest of three or more numbers, as
/// words: "k 64, the greatest of 4, 16, 64". With two numbers each is at an edge, and nothing is
/// said.
std::vector<std::string> edges_of(const StudyMethod& method, std::size_t chosen);

}  // namespace austeer
