#pragma once
// Form beside exact match: how many answers are one of the task's labels at all, and how many of
// those are right. A gain in exact match alone may be one of form and not of knowledge.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "tasks/task_config.hpp"

namespace austeer {

struct AnswerForm {
  std::int64_t items = 0;
  std::int64_t in_form = 0;  ///< answers that are a label: any case, white space at the ends aside
  std::int64_t right = 0;    ///< of those

  double share() const { return static_cast<double>(in_form) / static_cast<double>(items); }
  /// Of the answers in form those that are right; nothing where none is in form.
  std::optional<double> accuracy() const;
  void add(const AnswerForm& more);

  /// What results report: in_form and accuracy_in_form, null where none is.
  Json json() const;
};

/// Whether what `task` takes for right is written with fields of the record, so that the lines of
/// its results must list each item's choices.
bool has_choices_of_its_own(const TaskConfig& task);

/// The form of the answers of a result, from its task as resolved and its items' lines; nothing for
/// a task without labels, for another metric than exact match, and where neither task nor lines say
/// what the labels of an item are. Throws FormatError for broken lines; `place` opens messages.
std::optional<AnswerForm> answer_form(const Json& task, const std::string& metric,
                                      std::span<const Json> lines, const std::string& place);

}  // namespace austeer
