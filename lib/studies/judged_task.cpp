#include "studies/judged_task.hpp"

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/locks.hpp"
#include "judging/judge.hpp"

namespace austeer {
namespace {

constexpr double tie_score = 0.5;

double score_of(const std::string& outcome) {
  if (outcome == outcome_name(Outcome::win)) return 1;
  if (outcome == outcome_name(Outcome::loss)) return 0;
  return tie_score;
}

}  // namespace

bool is_for_judge(const StudyTask& task, const Task& config) {
  return config.metric() == MetricKind::judge && task.scoring == Scoring::generate;
}

void check_judge(const Study& study, const StudyTask& task, const Task& config) {
  if (study.judge || !is_for_judge(task, config)) return;
  throw UsageError(
      "study", fmt::format("{}: its answers are for a judge, and the study names none", task.name),
      "Add to the study: judge: {endpoint: http://HOST:PORT/v1, model: NAME}, with the "
      "address of an OpenAI-compatible server");
}

std::string look_at_judge(const ChatOptions& judge) {
  const ChatClient client(judge);
  return fmt::format("{} at {}", judge.model, completions_address(judge.endpoint));
}

Json judge_key(const Study& study) {
  if (!study.judge) return {};
  return {{"model", study.judge->model}, {"question", comparison_sha256()}};
}

std::filesystem::path verdicts_file(const Study& study, const StudyFolder& folder,
                                    const std::string& cell) {
  return folder.root() / "judged" / fmt::format("{}-{}.json", cell, short_digest(judge_key(study)));
}

void judge_cell(const Study& study, const StudyFolder& folder, const std::string& steered,
                const std::string& unsteered) {
  const std::filesystem::path out = verdicts_file(study, folder, steered);
  if (std::filesystem::exists(out)) return;
  const FileLock lock = FileLock::take(folder.lock("judge"));
  if (std::filesystem::exists(out)) return;
  make_folder(out.parent_path());
  JudgeOptions options;
  options.baseline = folder.cell(unsteered);
  options.steered = folder.cell(steered);
  options.chat = study.judge.value();
  options.cache = folder.root() / "judge-answers.jsonl";
  options.out = out;
  judge(options);
}

void take_verdicts(const Study& study, const StudyFolder& folder, bool is_unsteered,
                   CellResult& cell) {
  if (!cell.failed.empty() || !cell.is_for_judge) return;
  if (is_unsteered) {
    cell.scores.assign(cell.scores.size(), tie_score);
    return;
  }
  const std::filesystem::path file = verdicts_file(study, folder, cell.key);
  if (!std::filesystem::exists(file)) {
    throw FileError("study", file.string() + " is missing: the judge has not compared this cell",
                    "`austeer sweep` has it compared");
  }
  const Result result = read_result(file, "judge");
  if (result.items.size() != cell.scores.size()) {
    throw FormatError({fmt::format("[study] {}", result.items_file.string()),
                       fmt::format("{} items, as in the cell", cell.scores.size()),
                       std::to_string(result.items.size()), ""});
  }
  for (std::size_t i = 0; i < result.items.size(); ++i) {
    Fields fields(result.items[i], fmt::format("{}:{}", result.items_file.string(), i + 1));
    cell.scores[i] = score_of(fields.required<std::string>("outcome"));
  }
  Fields counts(result.document.at("outcome"), file.string());
  cell.no_verdict = counts.required<std::int64_t>("no_verdict");
}

}  // namespace austeer
