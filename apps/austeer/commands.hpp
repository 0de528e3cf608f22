#pragma once
// The subcommands: each has a file of its own with its options, one call of the library and what
// it prints. stdout carries the answer, stderr the log and the progress.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/json.hpp"

namespace austeer::app {

void add_fetch(CLI::App& app);
void add_collect(CLI::App& app);
void add_rank(CLI::App& app);
void add_units(CLI::App& app);
void add_steer(CLI::App& app);
void add_eval(CLI::App& app);
void add_judge(CLI::App& app);
void add_toxicity(CLI::App& app);
void add_probe(CLI::App& app);
void add_export(CLI::App& app);
void add_verify(CLI::App& app);
void add_sweep(CLI::App& app);
void add_table(CLI::App& app);
void add_plot(CLI::App& app);
void add_report(CLI::App& app);

/// --json.
inline void add_json_option(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "print one JSON object on stdout");
}

/// Prints one JSON value and a line break on stdout.
inline void print_json(const Json& value) { fmt::print("{}\n", to_text(value)); }

}  // namespace austeer::app
