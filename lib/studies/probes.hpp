#pragma once
// What figures of single units show and no result has: divergences and promoted tokens. A sweep
// computes them, figures read them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "plans/units.hpp"
#include "studies/entry_run.hpp"
#include "studies/figure_spec.hpp"
#include "studies/folder.hpp"
#include "studies/study.hpp"

namespace austeer {

/// A measurement of single units of one model.
struct Probe {
  FigureKind kind;  ///< divergence or tokens (runs/unit_probes.hpp)
  std::string model;
  const StudyTask* task = nullptr;  ///< whose first test items are the prompts of divergences
  std::vector<UnitName> units;
  std::vector<double> strengths;  ///< of divergences
  std::int64_t count = 0;         ///< of prompts, or of tokens
};

/// The probe that a figure of one of the two kinds shows.
Probe probe_of(const FigureSpec& spec, const std::string& model, const StudyTask* task);

/// The probes that a study's figures need, in their order.
std::vector<Probe> probes_of(const Study& study);

/// Computes those that are not in the folder yet, or were made of another model or other prompts.
/// Throws what the two computations throw.
void run_probes(const Study& study, const StudyFolder& folder, CellRunners& runners);

/// What was computed, as the `to_json` of its kind writes it; nothing where it was not. Throws
/// FormatError.
std::optional<Json> read_probe(const StudyFolder& folder, const Probe& probe);

}  // namespace austeer
