#pragma once
// A judge model compares two responses. It sees them in both orders, since judges favour places;
// where its two verdicts disagree, the responses are tied.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scorers/judge_question.hpp"

namespace austeer {

/// A new one for every change of the question's words, since it changes verdicts.
constexpr int comparison_version = 1;

/// SHA-256 of the question's words, without any texts filled in; recorded in results.
std::string comparison_sha256();

/// The question which of two responses to `prompt` is better.
JudgeQuestion comparison_question(std::string_view prompt, std::string_view first,
                                  std::string_view second);

/// What a judge says of the first response (A) and the second (B).
enum class Verdict { first, second, tie };

/// The verdict of `answer`: its last line is [[A]], [[B]] or [[C]] (a tie), alone but for white
/// space, and no other verdict stands anywhere above. Anything else is none.
std::optional<Verdict> parse_verdict(std::string_view answer);

/// "A", "B", "C", and "" for none, as in results.
std::string verdict_letter(const std::optional<Verdict>& verdict);

/// How a candidate response fares against a baseline.
enum class Outcome { win, loss, tie, no_verdict };

/// From the verdict with the baseline shown first and the one with the candidate shown first: a win
/// or loss where both say so, no_verdict where one is missing, else a tie.
Outcome combine(const std::optional<Verdict>& baseline_first,
                const std::optional<Verdict>& candidate_first);

/// "win", "loss", "tie" or "no verdict".
std::string outcome_name(Outcome outcome);

/// How often each outcome came.
struct OutcomeCounts {
  std::int64_t wins = 0;
  std::int64_t losses = 0;
  std::int64_t ties = 0;
  std::int64_t no_verdict = 0;

  void add(Outcome outcome);
  /// Items with a verdict.
  std::int64_t judged() const { return wins + losses + ties; }
  /// 100 (wins - losses) / judged(), the change of the win rate in points; none where nothing was
  /// judged. Source: the paper's metric for BPO.
  std::optional<double> delta_win_rate() const;
};

}  // namespace austeer
