#pragma once
// eval: a task's items answered by the model, with or without a plan, and scored.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runs/options.hpp"
#include "runs/plan_choice.hpp"

namespace austeer {

struct EvalOptions {
  RunOptions run;
  PlanChoice plan;
  std::string task;
  std::string split = "test";
  std::optional<std::int64_t> limit;  ///< the first items only
  std::filesystem::path out;          ///< result JSON; empty: austeer-results/ in this folder
};

struct EvalReport {
  std::string task;
  std::int64_t items = 0;
  std::int64_t correct = 0;
  std::filesystem::path result;  ///< the JSON; the items stand beside it in a .jsonl

  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(items); }
};

/// Greedy decoding, the task's metric. Writes the result and its items. Throws what Task, the
/// model and the files throw; nothing is written unless every item was answered.
EvalReport eval(const EvalOptions& options);

}  // namespace austeer
