#include "runs/judge_options.hpp"

#include "base/files.hpp"
#include "runs/result.hpp"

namespace austeer {

void check_judge_options(const JudgeOptions& options) {
  if (options.chat.model.empty()) throw UsageError("judge", "--judge-model is empty");
  if (options.parallel < 1 || options.parallel > 64) {
    throw UsageError("judge", "--parallel must be from 1 to 64");
  }
  if (options.out.empty() || options.cache.empty()) make_folder(results_folder);
  if (!options.out.empty()) check_result_path(options.out);
  const ChatClient client(options.chat);
}

std::filesystem::path judge_cache_file(const JudgeOptions& options) {
  return options.cache.empty() ? results_folder / "judge-answers.jsonl" : options.cache;
}

Json judge_configuration(const ChatOptions& chat, int question_version,
                         const std::string& question_sha256) {
  return {{"endpoint", completions_address(chat.endpoint)},
          {"judge_model", chat.model},
          {"judge_prompt", {{"version", question_version}, {"sha256", question_sha256}}},
          {"temperature", 0}};
}

Json judged_input(const std::filesystem::path& file, const Result& result) {
  return {{"file", file.filename().string()},
          {"sha256", result.sha256},
          {"configuration", result.document.at("configuration")}};
}

}  // namespace austeer
