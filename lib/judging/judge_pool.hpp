#pragma once
// Many questions to a judge at a time.

#include <cstdint>
#include <filesystem>
#include <span>

#include "judging/chat_client.hpp"
#include "judging/judge_cache.hpp"
#include "judging/questions.hpp"
#include "runs/result.hpp"

namespace austeer {

// What comparing and rating the answers of eval results by a judge model have in common: options,
// and what results say of them.

struct JudgeOptions {
  std::filesystem::path baseline;  ///< result of eval without a plan
  std::filesystem::path steered;   ///< result of eval with one; rate() can do without it
  ChatOptions chat;                ///< endpoint, judge model, the key's variable, limits
  std::filesystem::path cache;  ///< the judge's answers; empty: austeer-results/judge-answers.jsonl
  int parallel = 4;             ///< questions on their way at a time
  std::filesystem::path out;    ///< result JSON; empty: austeer-results/ in this folder
};

/// Says what is wrong with options, the endpoint's address and the key before anything is read or
/// asked. Makes the default folder where it is needed. Throws UsageError, FileError.
void check_judge_options(const JudgeOptions& options);

/// The file that keeps the judge's answers.
std::filesystem::path judge_cache_file(const JudgeOptions& options);

/// The judge, as a result's configuration has it.
Json judge_configuration(const ChatOptions& chat, int question_version,
                         const std::string& question_sha256);

/// A result that was judged, as a result's configuration has it.
Json judged_input(const std::filesystem::path& file, const Result& result);

/// How many questions went where.
struct QuestionCounts {
  std::int64_t asked = 0;  ///< in this run
  std::int64_t known = 0;  ///< their answers were in the cache
};

/// Asks every question whose answer is not in `cache`, each once, at most `parallel` at a time, and
/// adds the answers to it as they come. Returns how many different questions were asked, and how
/// many had their answer there. The first error ends the others' work and is thrown; answers that
/// came before it are kept.
QuestionCounts ask_missing(std::span<const JudgeQuestion> questions, const ChatOptions& chat,
                           int parallel, JudgeCache& cache);

}  // namespace austeer
