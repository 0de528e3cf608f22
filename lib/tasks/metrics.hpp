#pragma once
// Metrics: is a generated text right?

#include <optional>
#include <string>
#include <string_view>

#include "base/names.hpp"

namespace austeer {

// Numbers in free text: which one is the answer, and how a number is written.

/// The number that `text` gives as its answer, or nothing:
///   - after the first "####", the first number there (GSM8K's and the paper's mark);
///   - else in the braces of the last \boxed{}, the first number there;
///   - else after the first "answer:" or "answer is" (any case), the first number there;
///   - else the last number of the text.
/// Before that, what follows a line that opens with "Question:" is left out, where a number stands
/// before it. A mark with no number after it is passed over. A number has digits 0-9, perhaps a
/// sign, one kind of separator between groups of three digits (a comma, a no-break, narrow or thin
/// space, and in LaTeX "{,}", "\,", ",\!"), decimals. A fraction is its quotient, written without
/// spaces ("3/4") or as \frac, \dfrac or \tfrac of two numbers; digits right before such a command
/// are added to it. Exponents are not read, units, percent and currency signs beside it are
/// ignored. A minus sign
/// ("-", U+2212, U+2010, U+2011, U+FE63, U+FF0D) counts only where no letter or digit stands before
/// it, so that "10-3" ends with 3; a dash (U+2012 to U+2014) only where no percent sign, closing
/// bracket or other letter does either: "5%–7%" ends with 7.
std::optional<double> find_number(std::string_view text);

/// `number` as people write it: a whole one without decimals ("4", "-12"), any other with the
/// fewest digits that give it back ("0.875").
std::string number_text(double number);

// The rule by which the paper's code scores word problems, beside the project's own
// (tasks/metrics.hpp).

/// The number that `text` answers with by the published code, or nothing. The text is cut behind
/// the first `mark` ("####"; SVAMP: "Answer"): of what begins there, two words are kept. In what is
/// left, a number right behind a "####" counts, else the last one. A number is digits with a sign
/// that stands right before them and decimals: a comma or a slash ends it, so that "1,200" is 200
/// and "3/4" is 4. White space is Unicode's, digits are 0-9. Source: utils.py of the paper's
/// repository.
std::optional<double> find_published_number(std::string_view text, std::string_view mark);

/// Both texts give a number by that rule, and the two are the same to the bit.
bool number_match_published(std::string_view generated, std::string_view gold,
                            std::string_view mark);

// White space at the ends of a text, as Unicode knows it.

/// `text` (UTF-8) without the white space at its ends: the characters that Python's str.strip()
/// removes, so the no-break and ideographic spaces too.
std::string_view stripped(std::string_view text);

/// `text` up to its first white space.
std::string_view first_word(std::string_view text);

/// Whether `generated` counts as correct where `gold` is the right answer.
using TextComparison = bool (*)(std::string_view generated, std::string_view gold);

/// The same of a rule that cuts the text at `mark` first.
using MarkedComparison = bool (*)(std::string_view generated, std::string_view gold,
                                  std::string_view mark);

/// What decides on a task's generated texts.
enum class MetricKind {
  comparison,  ///< with the gold answer
  toxicity,    ///< a toxicity scorer: right is what is not toxic
  judge,  ///< nothing here: a judge model compares two results later (`austeer judge`, studies)
};

struct Metric {
  MetricKind kind = MetricKind::comparison;
  TextComparison is_correct = nullptr;            ///< of kind comparison
  MarkedComparison is_correct_by_mark = nullptr;  ///< in its place: with the task's answer_mark
};

/// Both texts, without white space at their ends and in lower case, are equal (the paper, on the
/// discriminative tasks). Lower case is that of the 26 ASCII letters, which is what Python's
/// str.lower() does to them; other letters are compared as they stand, so "É" is not "é".
bool exact_match(std::string_view generated, std::string_view gold);

/// The number that `generated` answers with (find_number) is that of `gold`, up to the rounding of
/// their decimals (1e-9 of the larger of 1 and the gold number). The paper's own rule is
/// number_match_published() in tasks/metrics.hpp.
bool number_match(std::string_view generated, std::string_view gold);

/// The metrics by the name that a task's YAML gives.
const Registry<Metric>& metrics();

}  // namespace austeer
