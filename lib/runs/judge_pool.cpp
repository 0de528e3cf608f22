#include "runs/judge_pool.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/progress.hpp"

namespace austeer {
namespace {

using Questions = std::vector<std::pair<std::string, JudgeQuestion>>;

/// What the workers share.
class Pool {
 public:
  Pool(Questions questions, std::int64_t known, VerdictCache& cache)
      : questions_(std::move(questions)),
        cache_(cache),
        progress_("judge", "verdicts", known + static_cast<std::int64_t>(questions_.size()),
                  known) {}

  /// Asks questions until none is left or somebody has failed.
  void work(const ChatOptions& chat) {
    try {
      ChatClient client(chat);
      while (const auto* question = next()) {
        const Judgement judgement = ask_judge(client, question->second, stop_.get_token());
        cache_.add(question->first, chat.model, judgement);
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
  VerdictCache& cache_;
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

std::int64_t ask_missing(const std::map<std::string, JudgeQuestion>& questions_by_key,
                         const ChatOptions& chat, int parallel, VerdictCache& cache) {
  Questions missing;
  for (const auto& [key, question] : questions_by_key) {
    if (!cache.find(key)) missing.emplace_back(key, question);
  }
  if (missing.empty()) return 0;
  const std::size_t count = missing.size();
  Pool pool(std::move(missing), static_cast<std::int64_t>(questions_by_key.size() - count), cache);
  {
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < std::min(static_cast<std::size_t>(parallel), count); ++i) {
      workers.emplace_back([&] {
        block_broken_pipe_signal();
        pool.work(chat);
      });
    }
  }
  pool.rethrow();
  return static_cast<std::int64_t>(count);
}

}  // namespace austeer
