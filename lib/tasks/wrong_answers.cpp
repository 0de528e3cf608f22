#include "tasks/wrong_answers.hpp"

#include <map>

#include "base/error.hpp"

namespace austeer {
namespace {

using Texts = std::span<const std::string>;

/// The distinct texts, in order of appearance, and which of them each text is.
struct Distinct {
  std::vector<std::string> texts;
  std::vector<std::size_t> index;  // of each original text
  std::vector<std::size_t> count;  // of each distinct text

  explicit Distinct(Texts all) {
    std::map<std::string, std::size_t> seen;
    for (const std::string& text : all) {
      const auto [found, is_new] = seen.emplace(text, texts.size());
      if (is_new) {
        texts.push_back(text);
        count.push_back(0);
      }
      index.push_back(found->second);
      ++count[found->second];
    }
    if (texts.size() < 2) {
      throw FormatError("task", "no two answers of the split differ: none can be a wrong one",
                        "Give the task pairs with texts of their own, or more data");
    }
  }
};

std::vector<std::string> next_answers(Texts right, const NearestOthers&) {
  const Distinct distinct(right);
  std::vector<std::string> wrong(right.size());
  // Going backwards twice round, the next different answer is this one's successor, or that one's.
  std::size_t next = 0;
  for (std::size_t i = 2 * right.size(); i-- > 0;) {
    const std::size_t here = i % right.size();
    const std::size_t after = (here + 1) % right.size();
    next = right[after] != right[here] ? after : next;
    wrong[here] = right[next];
  }
  return wrong;
}

std::vector<std::string> most_similar_different(Texts right, const NearestOthers& nearest) {
  const Distinct distinct(right);
  const std::vector<std::size_t> other = nearest(distinct.texts);
  std::vector<std::string> wrong;
  for (const std::size_t index : distinct.index) wrong.push_back(distinct.texts[other[index]]);
  return wrong;
}

/// A text that stands twice is its own most similar other.
std::vector<std::string> most_similar(Texts right, const NearestOthers& nearest) {
  const Distinct distinct(right);
  std::vector<std::string> wrong = most_similar_different(right, nearest);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    if (distinct.count[distinct.index[i]] > 1) wrong[i] = blank_answer;
  }
  return wrong;
}

}  // namespace

const Registry<WrongAnswers>& wrong_answers() {
  static const Registry<WrongAnswers> registry =
      Registry<WrongAnswers>("wrong answer")
          .add("next", {false, next_answers})
          .add("most_similar", {true, most_similar})
          .add("most_similar_different", {true, most_similar_different});
  return registry;
}

}  // namespace austeer
