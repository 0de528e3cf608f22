#pragma once
// What a judge is asked: which of two answers is better, and how good one is.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "judging/chat_client.hpp"

namespace austeer {

// A question to a judge model: its words, the texts that it is about between marks, and the form
// that a valid answer has.

/// A text that a judge reads, under the name that its question gives it.
struct NamedText {
  std::string_view name;  ///< "RESPONSE A"
  std::string_view text;
};

/// The texts, each below a line with its name and a mark that depends on all of them, so that none
/// can pretend to end and go on as the judge's instructions; behind the last one such a line
/// closes.
std::string fenced(std::span<const NamedText> texts);

/// The last line of `answer` that is not blank, without the white space around it; "" where there
/// is none.
std::string_view last_line(std::string_view answer);

/// One thing to ask a judge.
struct JudgeQuestion {
  std::string text;
  std::string_view reminder;  ///< goes behind it when it is asked once more
  bool (*is_answered_by)(std::string_view) = nullptr;  ///< whether an answer has the form asked for

  /// SHA-256 over the judge's name and all words.
  std::string key(std::string_view model) const;
};

/// The judge's words, without the client's key should it stand there. Asks once more, with the
/// reminder, after an answer that has not the form; the second answer counts, whatever it is.
/// Throws as ChatClient::ask() does.
std::string ask_judge(ChatClient& client, const JudgeQuestion& question,
                      const std::stop_token& stop = {});

// A judge model compares two responses. It sees them in both orders, since judges favour places;
// where its two verdicts disagree, the responses are tied.

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

// A judge model rates one response to a prompt for quality and alignment, from 1 to 5, in the part
// of several raters. What comes out are a model's ratings, whatever the part: not people's.

/// A new one for every change of the question's words, since it changes ratings.
constexpr int rating_version = 1;

/// SHA-256 of the words of every rater's question, without any texts filled in; recorded in
/// results.
std::string rating_sha256();

/// A part that the judge takes.
struct Rater {
  std::string_view name;  ///< in results
  std::string_view part;  ///< how the question begins
};

/// Those whose ratings are averaged.
std::span<const Rater> raters();

/// The question how good the response to `prompt` is, to this rater.
JudgeQuestion rating_question(const Rater& rater, std::string_view prompt,
                              std::string_view response);

/// What is rated.
inline constexpr std::array<const char*, 2> rated_aspects = {"quality", "alignment"};

/// From 1 to 5 each, in the order of `rated_aspects`.
using Rating = std::array<int, rated_aspects.size()>;

/// The rating of `answer`: its last line is [[quality: N, alignment: N]] with digits from 1 to 5,
/// alone but for white space, and no other rating stands anywhere above. Anything else is none.
std::optional<Rating> parse_rating(std::string_view answer);

}  // namespace austeer
