#pragma once
// judge: the answers of two eval results on the same prompts, compared by a judge model.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "scorers/chat_client.hpp"
#include "scorers/judge.hpp"

namespace austeer {

struct JudgeOptions {
  std::filesystem::path baseline;  ///< result of eval without a plan
  std::filesystem::path steered;   ///< result of eval with one
  ChatOptions chat;                ///< endpoint, judge model, the key's variable, limits
  std::filesystem::path cache;     ///< verdicts; empty: austeer-results/verdicts.jsonl
  int parallel = 4;                ///< questions on their way at a time
  std::filesystem::path out;       ///< result JSON; empty: austeer-results/ in this folder
};

struct JudgeReport {
  std::string task;
  OutcomeCounts counts;  ///< of the steered answers
  std::int64_t items = 0;
  std::int64_t asked = 0;        ///< questions of this run
  std::int64_t known = 0;        ///< questions whose verdicts were in the cache
  double p_value = 1;            ///< exact two-sided sign test of wins against losses
  std::filesystem::path result;  ///< the JSON; the items stand beside it in a .jsonl
};

/// Asks for each item twice, in both orders; equal answers are a tie without asking. Verdicts are
/// kept as they come, so that a run that was broken off goes on where it stood. Writes the result
/// and its items once all verdicts are there. Throws FormatError when the results are not of the
/// same prompts, UsageError, and what ChatClient and VerdictCache throw.
JudgeReport judge(const JudgeOptions& options);

}  // namespace austeer
