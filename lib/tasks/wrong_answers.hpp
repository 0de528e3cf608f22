#pragma once
// Where the wrong answer of a pair comes from: building blocks that a task names.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/names.hpp"

namespace austeer {

/// For each of the texts the index of the most similar other one among the first `pool` of them (at
/// least two), the lower one among equals.
using NearestOthers =
    std::function<std::vector<std::size_t>(std::span<const std::string> texts, std::size_t pool)>;

/// Where wrong answers are drawn from, and what stands for one that has the right one's text.
struct WrongAnswerSource {
  std::size_t pool = 0;  ///< the first so many answers of the split
  std::string blank = " ";
};

/// The answers of a whole split, in order, and how a wrong one is found for each. `nearest` may be
/// empty for blocks that do not compare.
struct WrongAnswers {
  bool compares = false;  ///< needs `nearest`
  std::function<std::vector<std::string>(std::span<const std::string> right,
                                         const WrongAnswerSource& source,
                                         const NearestOthers& nearest)>
      choose;
};

/// The building blocks by name:
///   next                    the next answer of the pool that has another text, the first behind
///                           the last, and for an answer from beyond the pool
///   most_similar            the most similar other answer of the pool (paper: by
///                           all-MiniLM-L6-v2); the blank where that has the right one's text
///   most_similar_different  the most similar answer of the pool among those of another text
/// Their functions throw FormatError where no answer of the pool differs from another.
const Registry<WrongAnswers>& wrong_answers();

}  // namespace austeer
