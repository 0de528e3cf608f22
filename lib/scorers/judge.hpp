#pragma once
// A judge model compares two responses. It sees them in both orders, since judges favour places;
// where its two verdicts disagree, the responses are tied.

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "scorers/chat_client.hpp"
#include "scorers/judge_prompt.hpp"
#include "scorers/verdict_cache.hpp"

namespace austeer {

/// One thing to ask a judge: which of two responses to a prompt is better, in this order.
struct JudgeQuestion {
  std::string prompt;
  std::string first;
  std::string second;

  std::string key(const std::string& model) const {
    return verdict_key(model, prompt, first, second);
  }
};

/// Asks for a verdict; once more, with a reminder, after an answer that holds none. Throws as
/// ChatClient::ask() does.
Judgement ask_judge(ChatClient& client, const JudgeQuestion& question,
                    const std::stop_token& stop = {});

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
