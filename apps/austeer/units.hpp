#pragma once

#include <CLI/CLI.hpp>

#include "runs/explain_units.hpp"

namespace austeer::app {

// The subcommands of `units`, and what they refuse.

void add_units_compare(CLI::App& units);
void add_units_explain(CLI::App& units);

/// Options that a subcommand of `units` does not know fall through to those of the list. Throws
/// CLI::ExtrasError where any of these is given, so that none is ignored.
void refuse_listing_options(const CLI::App& units);

// The explanation of units, as `units explain` shows it.

/// Prints how many units are more than chance, and of each explained one its statistics, tokens,
/// pairs and effect. Texts are cut to what a line holds.
void print_explanation(const Ranking& ranking, const Explanation& explanation);

}  // namespace austeer::app
