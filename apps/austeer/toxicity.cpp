// austeer toxicity: fits, applies and judges toxicity scorers.

#include "runs/toxicity.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/paths.hpp"
#include "commands.hpp"
#include "scorers/toxicity_scorer.hpp"

namespace austeer::app {
namespace {

struct ToxicityCommand {
  ToxicityFitOptions fit;
  std::filesystem::path labels;
  std::string input;
  std::string scorer = "austeer";
  std::string field = "text";
  bool json = false;
};

std::unique_ptr<ToxicityScorer> scorer_of(const ToxicityCommand& options) {
  return open_scorer(options.scorer, project_folder("configs"), home_folder());
}

void print_evaluation(const ToxicityEvaluation& evaluation, bool json) {
  if (json) return print_json(answer_json(evaluation));
  const ScorerMetrics& metrics = evaluation.metrics;
  fmt::print("{} held-out texts, {} of them toxic\n", metrics.texts, metrics.toxic);
  fmt::print("AUC        {:.4f}\nagreement  {:.2f} %\nPearson    {:.4f}\nBrier      {:.4f}\n",
             metrics.auc, 100 * metrics.agreement, metrics.pearson, metrics.brier);
  fmt::print("{:.0f} texts/s\n\nscore       texts  mean score  mean label  share toxic\n",
             evaluation.texts_per_second());
  for (const ReliabilityBin& bin : metrics.reliability) {
    fmt::print("{:.1f} to {:.1f}  {:>5}  {:>10.3f}  {:>10.3f}  {:>11.3f}\n", bin.lower, bin.upper,
               bin.texts, bin.mean_score, bin.mean_label, bin.toxic_share);
  }
}

void run_score(const ToxicityCommand& options) {
  const auto scorer = scorer_of(options);
  if (options.input == "-") {
    score_lines(*scorer, options.field, std::cin, std::cout, "stdin");
    return;
  }
  std::ifstream file(options.input, std::ios::binary);
  if (!file) throw FileError("toxicity", options.input + ": cannot be opened");
  score_lines(*scorer, options.field, file, std::cout, options.input);
}

void add_labels_option(CLI::App& command, std::filesystem::path& labels) {
  command.add_option("--labels", labels, "JSONL with text and toxicity")
      ->required()
      ->check(CLI::ExistingFile);
}

void add_scorer_option(CLI::App& command, std::string& scorer) {
  command
      .add_option("--scorer", scorer,
                  "austeer (the project's own), a head (.safetensors), scores made elsewhere "
                  "(.jsonl), or a classifier: FOLDER or org/name, with #LABEL where needed")
      ->capture_default_str();
}

void add_fit(CLI::App& parent, const std::shared_ptr<ToxicityCommand>& options) {
  CLI::App* command =
      parent.add_subcommand("fit", "Fit the project's own scorer to the labels' training side");
  add_labels_option(*command, options->fit.labels);
  command->add_option("--out", options->fit.out, "head to write, with its card beside it (.md)")
      ->required();
  command
      ->add_option("--probe", options->fit.probe,
                   "JSONL of harmless texts, whose scores the card reports")
      ->check(CLI::ExistingFile);
  command->add_option("--encoder", options->fit.encoder, "encoder: a name or a folder")
      ->capture_default_str();
  command->add_option("--head-version", options->fit.version, "version to record")
      ->capture_default_str();
  add_json_option(*command, options->json);
  command->callback([options] { print_evaluation(fit_toxicity(options->fit), options->json); });
}

void add_score(CLI::App& parent, const std::shared_ptr<ToxicityCommand>& options) {
  CLI::App* command = parent.add_subcommand(
      "score", "Add each line's score as \"toxicity\": JSONL in, JSONL on stdout");
  command->add_option("input", options->input, "JSONL file, or - for stdin")->required();
  command->add_option("--field", options->field, "field that holds the text")
      ->capture_default_str();
  add_scorer_option(*command, options->scorer);
  command->callback([options] { run_score(*options); });
}

void add_evaluate(CLI::App& parent, const std::shared_ptr<ToxicityCommand>& options) {
  CLI::App* command =
      parent.add_subcommand("evaluate", "Compare a scorer with the labels' held-out side");
  add_labels_option(*command, options->labels);
  add_scorer_option(*command, options->scorer);
  add_json_option(*command, options->json);
  command->callback([options] {
    print_evaluation(evaluate_toxicity(*scorer_of(*options), options->labels), options->json);
  });
}

}  // namespace

void add_toxicity(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("toxicity", "Fit, apply and judge offline toxicity scorers");
  command->require_subcommand(1);
  const auto options = std::make_shared<ToxicityCommand>();
  add_fit(*command, options);
  add_score(*command, options);
  add_evaluate(*command, options);
}

}  // namespace austeer::app
