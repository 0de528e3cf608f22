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
/// is started again. Throws what Bench throws.
SweepReport sweep(const Study& study, const StudyFolder& folder, const Shard& shard);

}  // namespace austeer
