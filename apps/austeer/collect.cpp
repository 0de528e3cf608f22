// austeer collect: a task's pairs through the model into an activation cache.

#include "runs/collect.hpp"

#include <fmt/format.h>
#include <memory>

#include "commands.hpp"
#include "setting_options.hpp"
#include "shared_options.hpp"

namespace austeer::app {
namespace {

struct CollectCommand {
  CollectOptions collect;
  bool json = false;
};

void run_collect(const CollectCommand& options) {
  const CollectReport report = collect(options.collect);
  if (options.json) return print_json(answer_json(options.collect, report));
  fmt::print("{}: {} pairs ({} new texts, {:.1f} texts/s)\n", options.collect.out.string(),
             report.pairs, report.texts, report.texts_per_second());
}

}  // namespace

void add_collect(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("collect", "Run a task's pairs, keep their activations on disk");
  const auto options = std::make_shared<CollectCommand>();
  CollectOptions& collect = options->collect;
  add_options(*command, collect);
  command->add_option("--out", collect.out, "folder of the activation cache")->required();
  add_json_option(*command, options->json);
  command->callback([options] { run_collect(*options); });
}

}  // namespace austeer::app
