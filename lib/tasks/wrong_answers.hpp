#pragma once
// Where the wrong answer of a pair comes from: building blocks that a task names.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/registry.hpp"

namespace austeer {

/// For each of at least two texts the index of the most similar of the others, the lower one
/// among equals.
using NearestOthers = std::function<std::vector<std::size_t>(std::span<const std::string>)>;

/// The answers of a whole split, in order, and how a wrong one is found for each. `nearest` may be
/// empty for blocks that do not compare.
struct WrongAnswers {
  bool compares = false;  ///< needs `nearest`
  std::function<std::vector<std::string>(std::span<const std::string> right,
                                         const NearestOthers& nearest)>
      choose;
};

/// What stands for a wrong answer where the most similar one has the right one's text.
inline const std::string blank_answer = " ";

/// The building blocks by name:
///   next                    the next answer of the split that has another text
///   most_similar            the most similar other answer of the split (paper: by
///                           all-MiniLM-L6-v2); blank_answer where that has the right one's text
///   most_similar_different  the most similar answer among those that have another text
/// Their functions throw FormatError where no answer differs from another.
const Registry<WrongAnswers>& wrong_answers();

}  // namespace austeer
