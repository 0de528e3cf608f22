#pragma once
// An answer as one JSON object on stdout.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/json.hpp"

namespace austeer::app {

/// --json.
inline void add_json_option(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "print one JSON object on stdout");
}

/// Prints one JSON value and a line break on stdout.
inline void print_json(const Json& value) { fmt::print("{}\n", to_text(value)); }

}  // namespace austeer::app
