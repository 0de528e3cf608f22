#include "studies/sweep.hpp"

#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/locks.hpp"
#include "base/progress.hpp"
#include "base/scan.hpp"
#include "studies/cell_runner.hpp"
#include "studies/check.hpp"
#include "studies/probes.hpp"

namespace austeer {

namespace {

/// `word` in single quotes, as a POSIX shell reads it back.
std::string quoted(const std::string& word) {
  std::string result = "'";
  for (const char letter : word) {
    if (letter == '\'') {
      result += "'\\''";
    } else {
      result += letter;
    }
  }
  return result + "'";
}

}  // namespace

std::string slurm_script(const SlurmOptions& options) {
  std::string command;
  for (const std::string& word : options.command) command += quoted(word) + " ";
  return fmt::format(
      "#!/bin/bash\n"
      "# A study, one shard of its entries per task of the array. Submitted again, it goes on "
      "where "
      "it\n# was stopped.\n"
      "exec {}--shard \"$SLURM_ARRAY_TASK_ID/{}\"\n",
      command, options.tasks);
}

std::string submit_to_slurm(const SlurmOptions& options) {
  if (options.tasks < 1) throw UsageError("sweep", "a job array has at least one task");
  const std::filesystem::path folder = std::filesystem::absolute(options.folder / "slurm");
  make_folder(folder);
  const std::filesystem::path script = folder / "sweep.sh";
  write_file(script, slurm_script(options));
  std::vector<std::string> arguments = {
      "sbatch", "--parsable", fmt::format("--array=1-{}", options.tasks), "--job-name=austeer",
      fmt::format("--output={}/%a.log", folder.string())};
  arguments.insert(arguments.end(), options.options.begin(), options.options.end());
  arguments.push_back(script.string());
  const ChildResult result =
      run_child(arguments, {{}, "--slurm needs sbatch; other schedulers can use --shard"});
  if (result.status != 0) {
    throw FileError("sweep", "sbatch refuses the job: " + result.last_lines(3));
  }
  const std::string answer = result.last_lines(1);  // "JOB" or "JOB;CLUSTER"
  return answer.substr(0, answer.find(';'));
}

namespace {

/// Says after each entry how many are done, and how long the others will take if they are like
/// those in which something had to be run.
class EntryProgress {
 public:
  explicit EntryProgress(std::size_t total) : total_(total) {}

  void done(const Entry& entry, std::int64_t cells_run) {
    ++done_;
    if (cells_run > cells_run_) ++worked_;
    cells_run_ = cells_run;
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const std::string left =
        worked_ == 0 || done_ == total_
            ? ""
            : fmt::format(", about {} left", clock_text(seconds / static_cast<double>(worked_) *
                                                        static_cast<double>(total_ - done_)));
    spdlog::info("{} of {} entries{}: {}", done_, total_, left, entry_text(entry));
  }

 private:
  std::size_t total_;
  std::size_t done_ = 0;
  std::size_t worked_ = 0;
  std::int64_t cells_run_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

[[noreturn]] void refuse_shard(const std::string& text) {
  throw UsageError({"[sweep] not a shard", "I/N, with I from 1 to N, such as 2/8", text, ""});
}

std::int64_t shard_number(std::string_view digits, const std::string& text) {
  const auto value = parse_number<std::int64_t>(digits);
  if (!value || *value < 1) refuse_shard(text);
  return *value;
}

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

std::vector<Entry> entries_of(const Study& study, const Shard& shard) {
  std::vector<Entry> all = entries_of(study);
  std::vector<Entry> mine;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (shard.has(i)) mine.push_back(std::move(all[i]));
  }
  return mine;
}

SweepReport sweep(const Study& study, const StudyFolder& folder, const Shard& shard) {
  folder.make();
  const std::vector<Entry> entries = entries_of(study, shard);
  for (const std::string& sentence : forewarnings(study, entries)) spdlog::warn(sentence);
  SweepReport report;
  CellRunners runners(study, folder);
  EntryProgress progress(entries.size());
  const auto run = [&](const Entry& entry) {
    return run_entry(study, entry, runners.at(entry), report);
  };
  const auto finish = [&](const Entry& entry, const EntryOutcome& outcome) {
    write_outcome(folder, study, entry, outcome);
    ++report.entries;
    progress.done(entry, report.ran);
  };
  std::vector<const Entry*> taken;  // by other processes, when their turn came
  for (const Entry& entry : entries) {
    const auto lock = FileLock::try_take(folder.lock(outcome_key(study, entry)));
    if (lock) {
      finish(entry, run(entry));
    } else {
      taken.push_back(&entry);
    }
  }
  for (const Entry* entry : taken) {
    const EntryOutcome outcome = run(*entry);  // helps with what is still missing
    const FileLock lock = FileLock::take(folder.lock(outcome_key(study, *entry)));
    finish(*entry, outcome);
  }
  if (shard.index == 1) run_probes(study, folder, runners);
  return report;
}

Json answer_json(const SlurmOptions& options, const std::string& job) {
  return {{"job", job}, {"tasks", options.tasks}, {"folder", options.folder.string()}};
}

Json answer_json(const Study& study, const StudyFolder& folder, const SweepReport& report) {
  return {{"study", study.file.string()},
          {"folder", folder.root().string()},
          {"entries", report.entries},
          {"cells_run", report.ran},
          {"cells_failed", report.failed}};
}

}  // namespace austeer
