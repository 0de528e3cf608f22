#pragma once
// Many questions to a judge at a time.

#include <span>

#include "runs/judge_options.hpp"
#include "scorers/judge_cache.hpp"
#include "scorers/judge_question.hpp"

namespace austeer {

/// Asks every question whose answer is not in `cache`, each once, at most `parallel` at a time, and
/// adds the answers to it as they come. Returns how many different questions were asked, and how
/// many had their answer there. The first error ends the others' work and is thrown; answers that
/// came before it are kept.
QuestionCounts ask_missing(std::span<const JudgeQuestion> questions, const ChatOptions& chat,
                           int parallel, JudgeCache& cache);

}  // namespace austeer
