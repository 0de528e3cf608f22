// austeer: steers language models one activation at a time, and measures whether that helps.
// main() assembles the subcommands and turns errors into messages and exit codes: 0 fine, 1 it
// could not be done, 2 wrong usage.

#include <c10/util/Exception.h>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <string>

#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "base/version.hpp"
#include "commands.hpp"

namespace {

void log_to_stderr() {
  auto logger = spdlog::stderr_color_mt("austeer");
  logger->set_pattern("%^%l%$: %v");
  spdlog::set_default_logger(std::move(logger));
}

int run(int argc, char** argv) {
  CLI::App app{"Steers language models one activation at a time, and measures whether that helps.",
               "austeer"};
  app.set_version_flag("--version", "austeer " + austeer::full_version());
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option_function<std::string>(
         "--log-level",
         [](const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); },
         "least severe messages shown")
      ->default_str("info")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}));
  app.add_flag_function(
      "--quiet",
      [](std::int64_t) {
        if (spdlog::get_level() < spdlog::level::warn) spdlog::set_level(spdlog::level::warn);
        austeer::Progress::silence();
      },
      "neither progress nor messages below warnings");

  austeer::app::add_fetch(app);
  austeer::app::add_collect(app);
  austeer::app::add_rank(app);
  austeer::app::add_units(app);
  austeer::app::add_steer(app);
  austeer::app::add_eval(app);
  austeer::app::add_judge(app);
  austeer::app::add_toxicity(app);
  austeer::app::add_probe(app);
  austeer::app::add_export(app);
  austeer::app::add_verify(app);
  austeer::app::add_sweep(app);
  austeer::app::add_table(app);
  austeer::app::add_plot(app);
  austeer::app::add_report(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (app.exit(error) != 0) return 2;
  }
  if (std::fflush(stdout) != 0) throw austeer::FileError("output", "stdout cannot be written");
  return 0;
}

/// Runs the command; errors become a message and an exit code.
int run_guarded(int argc, char** argv) {
  try {
    log_to_stderr();
    return run(argc, argv);
  } catch (const austeer::UsageError& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 2;
  } catch (const c10::Error& error) {  // what the library did not foresee; its first line
    const std::string what = error.what_without_backtrace();
    fmt::print(stderr, "error: {}\n", what.substr(0, what.find('\n')));
    return 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int code = run_guarded(argc, argv);
#if defined(AUSTEER_SANITIZE)
  return code;
#else
  // The system takes back what is left, faster than the destructors of libtorch's tables (0.2 s).
  std::fflush(nullptr);
  std::_Exit(code);
#endif
}
