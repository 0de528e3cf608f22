// austeer steer: continues prompts, with and without a plan: one, or those of an interactive
// session.

#include "runs/steer.hpp"

#include <cstdint>
#include <cstdio>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>
#include <unistd.h>

#include "commands.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct SteerCommand {
  SteerOptions steer;
  bool interactive = false;
  bool json = false;
};

void print_both(const std::string& vanilla, const std::string& steered, std::int64_t units) {
  fmt::print("vanilla:\n{}\n\nsteered ({} activations edited per token):\n{}\n", vanilla, units,
             steered);
}

void run_once(const SteerCommand& options) {
  const SteerReport report = steer(options.steer);
  if (options.json) {
    print_json(answer_json(report));
  } else if (report.vanilla) {
    print_both(*report.vanilla, report.text, report.steered_units);
  } else {
    if (report.steered_units > 0) {
      spdlog::info("{} activations edited per token", report.steered_units);
    }
    fmt::print("{}\n", report.text);
  }
}

/// With --json stdout has answers alone, one object a line.
void print_reply(const SessionReply& reply, bool json) {
  if (!reply.message.empty()) fmt::print(json ? stderr : stdout, "{}\n", reply.message);
  if (!reply.answer) return;
  if (json) {
    print_json(to_json(*reply.answer));
  } else {
    print_both(reply.answer->vanilla, reply.answer->steered, reply.answer->steered_units);
    fmt::print("\n");
  }
}

void run_session(const SteerCommand& options) {
  SteeringSession session(options.steer);
  spdlog::info("{}; :help lists the commands", session.summary());
  const bool prompted = ::isatty(STDIN_FILENO) == 1;
  for (std::string line;;) {
    if (prompted) fmt::print(stderr, "> ");
    if (!std::getline(std::cin, line)) break;
    const SessionReply reply = session.reply(line);
    if (reply.quit) break;
    print_reply(reply, options.json);
    if (std::fflush(stdout) != 0) throw FileError("output", "stdout cannot be written");
  }
}

}  // namespace

void add_steer(CLI::App& app) {
  CLI::App* command = app.add_subcommand("steer", "Continue prompts, steered by a plan");
  const auto options = std::make_shared<SteerCommand>();
  SteerOptions& steer = options->steer;
  add_run_options(*command, steer.run);
  add_plan_options(*command, steer.plan);
  const CLI::Option* prompt = command->add_option(
      "--prompt", steer.prompt, "text to continue; required without --interactive");
  command->add_flag(
      "--chat", steer.chat,
      "wrap prompts in the chat template that the model brings, else in its format in "
      "configs/models");
  command->add_option("--system", steer.system, "system message of the chat")->needs("--chat");
  command->add_flag("--compare", steer.compare, "show the unsteered continuation too")
      ->needs("--plan");
  command
      ->add_flag("--interactive", options->interactive,
                 "answer prompts from stdin, a line each, unsteered and steered (with --json an "
                 "object each); :k, :alpha and :rule change the plan between them, :help lists all "
                 "commands")
      ->needs("--plan")
      ->excludes("--prompt", "--compare", "--save-plan");
  command->add_option("--max-new-tokens", steer.max_new_tokens, "longest continuation, in tokens")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  add_json_option(*command, options->json);
  command->callback([options, prompt] {
    if (options->interactive) return run_session(*options);
    if (prompt->count() == 0) throw CLI::RequiredError("--prompt (or --interactive)");
    run_once(*options);
  });
}

}  // namespace austeer::app
