#include "runs/answer_form.hpp"

#include <algorithm>

#include "tasks/metrics.hpp"
#include "text/template.hpp"

namespace austeer {
namespace {

constexpr const char* exact_metric = "exact_match";

bool has_fields(const std::string& text) { return !Template(text, "answers").fields().empty(); }

/// The labels that are the same for every item; none where one has fields.
std::vector<std::string> common_labels(const Json& task, const std::string& place) {
  std::vector<std::string> labels;
  Fields fields(task, place + ": task");
  const char* key = task.contains("gold_answers") ? "gold_answers" : "answers";
  if (!fields.has(key)) return labels;
  Fields answers = fields.object(key);
  for (const auto& [label, text] : task.at(key).items()) {
    const auto gold = answers.required<std::string>(label);
    if (has_fields(gold)) return {};
    labels.push_back(
        Template(gold, "answers").fill([](const std::string&) { return nullptr; }, ""));
  }
  return labels;
}

}  // namespace

std::optional<double> AnswerForm::accuracy() const {
  if (in_form == 0) return std::nullopt;
  return static_cast<double>(right) / static_cast<double>(in_form);
}

void AnswerForm::add(const AnswerForm& more) {
  items += more.items;
  in_form += more.in_form;
  right += more.right;
}

Json AnswerForm::json() const {
  const std::optional<double> of_those = accuracy();
  return {{"in_form", share()}, {"accuracy_in_form", of_those ? Json(*of_those) : Json()}};
}

bool has_choices_of_its_own(const TaskConfig& task) {
  return std::ranges::any_of(task.answers,
                             [](const TaskAnswer& answer) { return has_fields(answer.gold); });
}

std::optional<AnswerForm> answer_form(const Json& task, const std::string& metric,
                                      std::span<const Json> lines, const std::string& place) {
  if (metric != exact_metric || lines.empty()) return std::nullopt;
  const std::vector<std::string> common = common_labels(task, place);
  AnswerForm form;
  for (const Json& line : lines) {
    Fields fields(line, place);
    const auto labels =
        fields.has("choices") ? fields.required<std::vector<std::string>>("choices") : common;
    if (labels.empty()) return std::nullopt;
    const auto answer = fields.required<std::string>("generated");
    const bool in_form = std::ranges::any_of(
        labels, [&](const std::string& label) { return exact_match(answer, label); });
    ++form.items;
    form.in_form += in_form ? 1 : 0;
    form.right += in_form && fields.required<bool>("correct") ? 1 : 0;
  }
  return form;
}

}  // namespace austeer
