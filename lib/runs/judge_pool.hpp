#pragma once
// Many questions to a judge at a time.

#include <cstdint>
#include <map>
#include <string>

#include "scorers/judge.hpp"

namespace austeer {

/// Asks every question whose key is not in `cache`, at most `parallel` at a time, and adds the
/// verdicts to it as they come. Returns how many were asked. The first error ends the others'
/// work and is thrown; verdicts that came before it are kept.
std::int64_t ask_missing(const std::map<std::string, JudgeQuestion>& questions_by_key,
                         const ChatOptions& chat, int parallel, VerdictCache& cache);

}  // namespace austeer
