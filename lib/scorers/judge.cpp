#include "scorers/judge.hpp"

namespace austeer {

Judgement ask_judge(ChatClient& client, const JudgeQuestion& question,
                    const std::stop_token& stop) {
  Judgement judgement;
  for (const bool again : {false, true}) {
    const std::string answer =
        client.ask(judge_question(question.prompt, question.first, question.second, again), stop);
    judgement = {parse_verdict(answer), client.redacted(answer)};
    if (judgement.verdict) break;
  }
  return judgement;
}

Outcome combine(const std::optional<Verdict>& baseline_first,
                const std::optional<Verdict>& candidate_first) {
  if (!baseline_first || !candidate_first) return Outcome::no_verdict;
  if (baseline_first == Verdict::second && candidate_first == Verdict::first) return Outcome::win;
  if (baseline_first == Verdict::first && candidate_first == Verdict::second) return Outcome::loss;
  return Outcome::tie;
}

std::string outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::win:
      return "win";
    case Outcome::loss:
      return "loss";
    case Outcome::tie:
      return "tie";
    case Outcome::no_verdict:
      break;
  }
  return "no verdict";
}

void OutcomeCounts::add(Outcome outcome) {
  switch (outcome) {
    case Outcome::win:
      ++wins;
      break;
    case Outcome::loss:
      ++losses;
      break;
    case Outcome::tie:
      ++ties;
      break;
    case Outcome::no_verdict:
      ++no_verdict;
      break;
  }
}

std::optional<double> OutcomeCounts::delta_win_rate() const {
  if (judged() == 0) return std::nullopt;
  return 100.0 * static_cast<double>(wins - losses) / static_cast<double>(judged());
}

}  // namespace austeer
