#include "runs/judge_items.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"

namespace austeer {
namespace {

struct JudgedAnswer {
  std::string place;
  std::string prompt_sha256;
  std::string prompt;
  std::string generated;
};

JudgedAnswer read_answer(const Result& result, std::size_t index) {
  const std::string place = fmt::format("{}:{}", result.items_file.string(), index + 1);
  Fields fields(result.items[index], place);
  JudgedAnswer answer;
  answer.place = fields.required<std::string>("place");
  answer.prompt_sha256 = fields.required<std::string>("prompt_sha256");
  if (!fields.has("prompt")) {
    throw FormatError({place + ": the prompt is not recorded", "the key 'prompt'", "none",
                       "A judge has to read it; run `austeer eval` again with this version"});
  }
  answer.prompt = fields.required<std::string>("prompt");
  if (sha256(answer.prompt) != answer.prompt_sha256) {
    fields.refuse("prompt", "the text with prompt_sha256 " + answer.prompt_sha256, answer.prompt);
  }
  // Of a chat the judge reads the message, not the template's marks.
  answer.prompt = fields.optional<std::string>("message", answer.prompt);
  answer.generated = fields.required<std::string>("generated");
  return answer;
}

}  // namespace

std::string task_name(const Result& result) {
  Fields fields(result.document, result.items_file.string());
  Fields configuration = fields.object("configuration");
  return configuration.object("task").required<std::string>("name");
}

std::vector<JudgeItem> join_results(const Result& baseline, const Result& steered) {
  const std::string what =
      fmt::format("[judge] {} and {}", baseline.items_file.string(), steered.items_file.string());
  const std::string hint = "Run `austeer eval` twice with the same task, split and limit";
  if (task_name(baseline) != task_name(steered)) {
    throw FormatError({what, "results of one task",
                       fmt::format("{} and {}", task_name(baseline), task_name(steered)), hint});
  }
  if (baseline.items.size() != steered.items.size()) {
    throw FormatError({what, "as many items in both",
                       fmt::format("{} and {}", baseline.items.size(), steered.items.size()),
                       hint});
  }
  std::vector<JudgeItem> items;
  for (std::size_t i = 0; i < baseline.items.size(); ++i) {
    JudgedAnswer first = read_answer(baseline, i);
    JudgedAnswer second = read_answer(steered, i);
    if (first.prompt_sha256 != second.prompt_sha256) {
      throw FormatError({what, "the same prompts in the same order",
                         fmt::format("two prompts in line {}", i + 1), hint});
    }
    items.push_back({std::move(first.place), std::move(first.prompt_sha256),
                     std::move(first.prompt), std::move(first.generated),
                     std::move(second.generated)});
  }
  return items;
}

}  // namespace austeer
