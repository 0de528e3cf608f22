#pragma once
// The subcommands of `units`, and what they refuse.

#include <CLI/CLI.hpp>

namespace austeer::app {

void add_units_compare(CLI::App& units);
void add_units_explain(CLI::App& units);

/// Options that a subcommand of `units` does not know fall through to those of the list. Throws
/// CLI::ExtrasError where any of these is given, so that none is ignored.
void refuse_listing_options(const CLI::App& units);

}  // namespace austeer::app
