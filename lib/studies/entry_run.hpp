#pragma once
// Runs one entry of a study: chooses a variant of its method, and tests it and its controls.

#include "studies/bench.hpp"
#include "studies/entry.hpp"

namespace austeer {

struct SweepReport {
  std::int64_t entries = 0;  ///< that this process worked on
  std::int64_t ran = 0;      ///< cells that it ran
  std::int64_t failed = 0;   ///< of those, plans that could not be carried out
};

/// Obtains every cell that `entry` needs from `bench`, counts those that had to be run in `report`,
/// and logs each. Throws what Bench::obtain throws.
EntryOutcome run_entry(const Study& study, const Entry& entry, Bench& bench, SweepReport& report);

}  // namespace austeer
