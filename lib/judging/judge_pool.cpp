#include "judging/judge_pool.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "base/progress.hpp"
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

namespace {

/// Keys, and the questions that they stand for.
using Questions = std::vector<std::pair<std::string, const JudgeQuestion*>>;

/// What the workers share.
class Pool {
 public:
  Pool(Questions questions, std::int64_t known, JudgeCache& cache)
      : questions_(std::move(questions)),
        cache_(cache),
        progress_("judge", "answers", known + static_cast<std::int64_t>(questions_.size()), known) {
  }

  /// Asks questions until none is left or somebody has failed.
  void work(const ChatOptions& chat) {
    try {
      ChatClient client(chat);
      while (const auto* question = next()) {
        const std::string answer = ask_judge(client, *question->second, stop_.get_token());
        cache_.add(question->first, chat.model, answer);
        const std::lock_guard lock(mutex_);
        progress_.advance(1);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      stop_.request_stop();
    }
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const Questions::value_type* next() {
    const std::lock_guard lock(mutex_);
    if (stop_.stop_requested() || taken_ == questions_.size()) return nullptr;
    return &questions_[taken_++];
  }

  const Questions questions_;
  JudgeCache& cache_;
  std::mutex mutex_;
  std::size_t taken_ = 0;
  Progress progress_;
  std::exception_ptr error_;
  std::stop_source stop_;
};

/// A write to a connection that the server has closed is an error of that write, in this thread
/// and whatever the TLS library does, and no reason to end the process.
void block_broken_pipe_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

QuestionCounts ask_missing(std::span<const JudgeQuestion> questions, const ChatOptions& chat,
                           int parallel, JudgeCache& cache) {
  Questions missing;
  std::set<std::string> known;
  std::set<std::string> asked;
  for (const JudgeQuestion& question : questions) {
    std::string key = question.key(chat.model);
    if (cache.find(key)) {
      known.insert(std::move(key));
    } else if (asked.insert(key).second) {
      missing.emplace_back(std::move(key), &question);
    }
  }
  const QuestionCounts counts{static_cast<std::int64_t>(missing.size()),
                              static_cast<std::int64_t>(known.size())};
  if (missing.empty()) return counts;
  Pool pool(std::move(missing), counts.known, cache);
  {
    std::vector<std::jthread> workers;
    for (std::int64_t i = 0; i < std::min<std::int64_t>(parallel, counts.asked); ++i) {
      workers.emplace_back([&] {
        block_broken_pipe_signal();
        pool.work(chat);
      });
    }
  }
  pool.rethrow();
  return counts;
}

}  // namespace austeer
