#include "json_output.hpp"

#include <fmt/format.h>

namespace austeer::app {

void add_json_option(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "print one JSON object on stdout");
}

void print_json(const Json& value) { fmt::print("{}\n", to_text(value)); }

}  // namespace austeer::app
