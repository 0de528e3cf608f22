#include "studies/slurm.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"

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

}  // namespace austeer
