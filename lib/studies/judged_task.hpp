#pragma once
// Tasks of a study whose answers a judge model compares (`metric: judge`): each steered cell with
// the unsteered model's answers to the same items, in both orders. Beside the cell lies what
// `austeer judge` writes, from which an item's score is taken: 1 for a win, 0.5 for a tie, 0 for a
// loss. An item without a verdict counts as a tie, and is counted. Among those scores the unsteered
// model has 0.5 everywhere.

#include <filesystem>
#include <string>

#include "studies/folder.hpp"
#include "studies/study.hpp"
#include "tasks/task.hpp"

namespace austeer {

/// Whether a judge has to compare the answers to `task`, whose configuration is `config`.
bool is_for_judge(const StudyTask& task, const Task& config);

/// Throws UsageError where `task` needs a judge and the study names none.
void check_judge(const Study& study, const StudyTask& task, const Task& config);

/// "judge NAME at ADDRESS", once address and key are found to have their form. Throws UsageError.
std::string look_at_judge(const ChatOptions& judge);

/// What an entry's outcome depends on beside its cells; null without a judge.
Json judge_key(const Study& study);

/// Where lies what the judge said of a cell: it was compared with the unsteered model's answers to
/// the same items, which hang on nothing that the cell does not.
std::filesystem::path verdicts_file(const Study& study, const StudyFolder& folder,
                                    const std::string& cell);

/// Asks the study's judge to compare the cell `steered` with the cell `unsteered`, unless it has.
/// Its answers are kept in the study's folder, so that nothing is asked twice; one process asks at
/// a time. Throws what judge() throws.
void judge_cell(const Study& study, const StudyFolder& folder, const std::string& steered,
                const std::string& unsteered);

/// Gives a cell whose answers are for a judge its scores; other cells keep theirs. Throws
/// FileError where the judge has not compared it yet.
void take_verdicts(const Study& study, const StudyFolder& folder, bool is_unsteered,
                   CellResult& cell);

}  // namespace austeer
