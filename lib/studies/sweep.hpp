#pragma once
// sweep: the cells of a study, run once each, by one process or by many that share its folder.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "studies/entry_run.hpp"
#include "studies/folder.hpp"
#include "studies/study.hpp"

namespace austeer {

// A study on Slurm: a job array whose tasks sweep one shard each, in a folder that they share.

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

/// {"job": its number, "tasks", "folder"}
Json answer_json(const SlurmOptions& options, const std::string& job);

/// A part of a study's entries: every `count`-th, from the `index`-th on.
struct Shard {
  std::int64_t index = 1;
  std::int64_t count = 1;

  bool has(std::size_t entry) const {
    return static_cast<std::int64_t>(entry) % count == index - 1;
  }
};

/// "2/8". Throws UsageError for anything but two whole numbers, the first of them from 1 to the
/// second.
Shard parse_shard(const std::string& text);

/// The entries of a shard.
std::vector<Entry> entries_of(const Study& study, const Shard& shard);

/// Runs what is missing. Several processes may sweep one study in one folder: no cell is run twice.
/// Killed at any moment, a sweep loses the cell that it was running and goes on from there when it
/// is started again. Throws what CellRunner throws.
SweepReport sweep(const Study& study, const StudyFolder& folder, const Shard& shard);

/// {"study": its file, "folder", "entries", "cells_run", "cells_failed"}
Json answer_json(const Study& study, const StudyFolder& folder, const SweepReport& report);

}  // namespace austeer
