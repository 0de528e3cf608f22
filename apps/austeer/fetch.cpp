// austeer fetch: brings models and datasets to this machine.

#include "fetching/fetch.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>
#include <vector>

#include "base/paths.hpp"
#include "commands.hpp"

namespace austeer::app {
namespace {

struct FetchOptions {
  std::vector<std::string> names;
  std::filesystem::path datasets;
  bool verify = false;
};

void print(const FetchReport& report) {
  for (const std::string& warning : report.warnings) spdlog::warn("{}", warning);
  for (const FetchedFile& file : report.files) {
    fmt::print("{}\n", file.file.string());
    spdlog::info("{} {}", file.downloaded ? "fetched" : "already there:", file.file.string());
  }
}

void run_models(const FetchOptions& options) {
  for (const std::string& name : options.names) {
    print(fetch_model(name, project_folder("configs"), home_folder(), options.verify));
  }
}

void run_datasets(const FetchOptions& options) {
  const std::filesystem::path folder =
      options.datasets.empty() ? home_folder() / "datasets" : options.datasets;
  for (const std::string& name : options.names) {
    print(fetch_dataset(name, project_folder("datasets") / "manifests", folder));
  }
}

}  // namespace

void add_fetch(CLI::App& app) {
  CLI::App* command = app.add_subcommand("fetch", "Bring models and datasets, verified by sha256");
  command->require_subcommand(1);
  const auto options = std::make_shared<FetchOptions>();

  CLI::App* model = command->add_subcommand("model", "Weights named in configs/models/");
  model->add_option("names", options->names, "models")->required();
  model->add_flag("--verify", options->verify, "hash files again that are already there");
  model->callback([options] { run_models(*options); });

  CLI::App* dataset = command->add_subcommand("dataset", "Data named in datasets/manifests/");
  dataset->add_option("names", options->names, "datasets")->required();
  dataset->add_option("--datasets", options->datasets,
                      "folder that gets them; default: below $AUSTEER_HOME");
  dataset->callback([options] { run_datasets(*options); });
}

}  // namespace austeer::app
