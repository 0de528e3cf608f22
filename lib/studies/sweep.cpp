#include "studies/sweep.hpp"

#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <spdlog/spdlog.h>

#include "base/locks.hpp"
#include "runs/options.hpp"
#include "studies/bench.hpp"

namespace austeer {
namespace {

[[noreturn]] void refuse_shard(const std::string& text) {
  throw UsageError({"[sweep] not a shard", "I/N, with I from 1 to N, such as 2/8", text, ""});
}

std::int64_t shard_number(std::string_view digits, const std::string& text) {
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end || value < 1) refuse_shard(text);
  return value;
}

/// Keeps the model and the task that the last entry was about.
class Sweeper {
 public:
  Sweeper(const Study& study, const StudyFolder& folder) : study_(study), folder_(folder) {}

  void run(const Entry& entry) {
    const EntryOutcome outcome = run_entry(study_, entry, bench(entry), report_);
    write_outcome(folder_, study_, entry, outcome);
    ++report_.entries;
  }

  const SweepReport& report() const { return report_; }

 private:
  Bench& bench(const Entry& entry) {
    if (!model_ || model_->name != entry.model) {
      bench_.reset();
      model_.reset();  // first: there may be no room for two
      RunOptions run = study_.run;
      run.model = entry.model;
      model_ = open_model(run);
    }
    if (!bench_ || task_ != entry.task) {
      bench_.reset();
      bench_.emplace(study_, *entry.task, *model_, folder_);
      task_ = entry.task;
    }
    return *bench_;
  }

  const Study& study_;
  const StudyFolder& folder_;
  SweepReport report_;
  std::optional<Model> model_;
  std::optional<Bench> bench_;
  const StudyTask* task_ = nullptr;
};

}  // namespace

Shard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) refuse_shard(text);
  const std::string_view whole = text;
  const Shard shard{shard_number(whole.substr(0, slash), text),
                    shard_number(whole.substr(slash + 1), text)};
  if (shard.index > shard.count) refuse_shard(text);
  return shard;
}

SweepReport sweep(const Study& study, const StudyFolder& folder, const Shard& shard) {
  folder.make();
  const std::vector<Entry> entries = entries_of(study);
  Sweeper sweeper(study, folder);
  std::vector<const Entry*> taken;  // by other processes, when their turn came
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!shard.has(i)) continue;
    const auto lock = FileLock::try_take(folder.lock(outcome_key(study, entries[i])));
    if (!lock) {
      taken.push_back(&entries[i]);
      continue;
    }
    sweeper.run(entries[i]);
    spdlog::info("{} of {} entries: {}", i + 1, entries.size(), entry_text(entries[i]));
  }
  for (const Entry* entry : taken) sweeper.run(*entry);  // helps with what is still missing
  return sweeper.report();
}

}  // namespace austeer
