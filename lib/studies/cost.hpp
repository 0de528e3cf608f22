#pragma once
// What a study will cost before anything of it runs: tokens, and the time that a short measurement
// makes of them.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "studies/entry.hpp"
#include "studies/sweep.hpp"

namespace austeer {

/// A row of `austeer sweep --list`: an entry, or the pairs of a model and task.
struct EntryCost {
  std::string model;
  std::string task;
  std::string method;      ///< "(pairs)": what the methods learn from
  std::int64_t cells = 0;  ///< in a race: at most
  std::int64_t done = 0;
  std::int64_t tokens = 0;  ///< of prompts and answers, in the cells that are missing
  double seconds = 0;       ///< of those
};

/// The costs of the shard's entries, each task's pairs before them. Opens every model, and answers
/// a few items of each task for the time. Throws what CellRunner throws.
std::vector<EntryCost> estimate_costs(const Study& study, const StudyFolder& folder,
                                      const Shard& shard);

/// {"study": its file, "entries": [{"model", "task", "method", "cells", "done", "tokens",
/// "seconds"}]}
Json answer_json(const Study& study, std::span<const EntryCost> costs);

}  // namespace austeer
