// austeer collect: a task's pairs through the model into an activation cache.

#include "runs/collect.hpp"

#include <fmt/format.h>
#include <memory>

#include "commands.hpp"
#include "json_output.hpp"
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
  const double rate = report.seconds > 0 ? static_cast<double>(report.texts) / report.seconds : 0.0;
  if (options.json) {
    print_json({{"cache", options.collect.out.string()},
                {"pairs", report.pairs},
                {"resumed_pairs", report.resumed_pairs},
                {"texts", report.texts},
                {"tokens", report.tokens},
                {"seconds", report.seconds},
                {"texts_per_second", rate},
                {"void_pairs", void_pairs_summary(report.void_pairs)}});
  } else {
    fmt::print("{}: {} pairs ({} new texts, {:.1f} texts/s)\n", options.collect.out.string(),
               report.pairs, report.texts, rate);
  }
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
