#include "tasks/wrong_answers.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"

namespace austeer {
namespace {

using Texts = std::span<const std::string>;

/// The distinct texts, in order of appearance, and which of them each text is: those of the pool
/// come first.
struct Distinct {
  std::vector<std::string> texts;
  std::vector<std::size_t> index;    // of each original text
  std::vector<std::size_t> in_pool;  // how often each distinct text stands in the pool
  std::size_t pool = 0;              // so many distinct texts stand in the pool

  Distinct(Texts all, std::size_t pool_size) {
    std::map<std::string, std::size_t> seen;
    for (const std::string& text : all) {
      const auto [found, is_new] = seen.emplace(text, texts.size());
      if (is_new) {
        texts.push_back(text);
        in_pool.push_back(0);
      }
      if (index.size() < pool_size) {
        ++in_pool[found->second];
        pool = texts.size();
      }
      index.push_back(found->second);
    }
    if (pool < 2) {
      throw FormatError("task", "no two answers of the split differ: none can be a wrong one",
                        "Give the task pairs with texts of their own, or more data");
    }
  }
};

std::vector<std::string> next_answers(Texts right, const WrongAnswerSource& source,
                                      const NearestOthers&) {
  const Distinct distinct(right, source.pool);
  const Texts pool = right.first(std::min(source.pool, right.size()));
  std::vector<std::string> wrong(right.size());
  // Going backwards twice round, the next different answer is this one's successor, or that one's.
  std::size_t next = 0;
  for (std::size_t i = 2 * pool.size(); i-- > 0;) {
    const std::size_t here = i % pool.size();
    const std::size_t after = (here + 1) % pool.size();
    next = pool[after] != pool[here] ? after : next;
    wrong[here] = pool[next];
  }
  for (std::size_t i = pool.size(); i < right.size(); ++i) {
    wrong[i] = right[i] != pool[0] ? pool[0] : wrong[0];
  }
  return wrong;
}

std::vector<std::string> most_similar_different(Texts right, const WrongAnswerSource& source,
                                                const NearestOthers& nearest) {
  const Distinct distinct(right, source.pool);
  const std::vector<std::size_t> other = nearest(distinct.texts, distinct.pool);
  std::vector<std::string> wrong;
  for (const std::size_t index : distinct.index) wrong.push_back(distinct.texts[other[index]]);
  return wrong;
}

/// A text that stands in the pool beside itself is its own most similar other.
std::vector<std::string> most_similar(Texts right, const WrongAnswerSource& source,
                                      const NearestOthers& nearest) {
  const Distinct distinct(right, source.pool);
  std::vector<std::string> wrong = most_similar_different(right, source, nearest);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    const std::size_t itself = i < source.pool ? 1 : 0;
    if (distinct.in_pool[distinct.index[i]] > itself) wrong[i] = source.blank;
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
