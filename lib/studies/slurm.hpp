#pragma once
// A study on Slurm: a job array whose tasks sweep one shard each, in a folder that they share.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace austeer {

struct SlurmOptions {
  std::vector<std::string> command;  ///< of each task, to which `--shard I/N` is added
  std::int64_t tasks = 1;            ///< of the array
  std::vector<std::string> options;  ///< of sbatch, as they stand: "--time=8:00:00"
  std::filesystem::path folder;      ///< of the study: script and logs go to its `slurm/`
};

/// The batch script. Every word of the command is quoted for the shell.
std::string slurm_script(const SlurmOptions& options);

/// Writes the script and submits it. Returns the job's number. Throws FileError where sbatch is
/// missing or refuses, with what it says; UsageError for fewer than one task.
std::string submit_to_slurm(const SlurmOptions& options);

}  // namespace austeer
