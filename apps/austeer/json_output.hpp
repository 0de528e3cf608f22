#pragma once
// An answer as one JSON object on stdout.

#include <CLI/CLI.hpp>

#include "base/json.hpp"

namespace austeer::app {

/// --json.
void add_json_option(CLI::App& command, bool& json);

/// Prints one JSON value and a line break on stdout.
void print_json(const Json& value);

}  // namespace austeer::app
