#pragma once
// A judge model rates one response to a prompt for quality and alignment, from 1 to 5, in the part
// of several raters. What comes out are a model's ratings, whatever the part: not people's.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scorers/judge_question.hpp"

namespace austeer {

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
