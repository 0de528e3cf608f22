#pragma once
// What a judge model is asked, and how its answer is read.

#include <optional>
#include <string>
#include <string_view>

namespace austeer {

/// A new one for every change of the words below, since it changes verdicts.
constexpr int judge_prompt_version = 1;

/// SHA-256 of the prompt's words, without any texts filled in; recorded in results.
std::string judge_prompt_sha256();

/// The question which of two responses to `prompt` is better. The texts stand between lines with a
/// mark that depends on all of them, so that none can pretend to end and go on as the judge's
/// instructions. `again` asks once more after an answer without a verdict.
std::string judge_question(std::string_view prompt, std::string_view first, std::string_view second,
                           bool again = false);

/// What a judge says of the first response (A) and the second (B).
enum class Verdict { first, second, tie };

/// The verdict of `answer`: its last line is [[A]], [[B]] or [[C]] (a tie), alone but for white
/// space, and no other verdict stands anywhere above. Anything else is none.
std::optional<Verdict> parse_verdict(std::string_view answer);

/// "A", "B", "C", and "" for none, as in the cache and in results.
std::string verdict_letter(const std::optional<Verdict>& verdict);

}  // namespace austeer
