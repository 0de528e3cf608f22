#include "runs/export.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/paths.hpp"
#include "exports/affine_plan.hpp"
#include "exports/control_vector.hpp"
#include "exports/folded_checkpoint.hpp"
#include "exports/ia3_adapter.hpp"
#include "models/folder_model.hpp"
#include "models/locate.hpp"
#include "runs/plan_origin.hpp"

namespace austeer {
namespace {

bool is_directed(const Plan& plan) {
  return std::ranges::any_of(
      plan.edits, [](const Edit& edit) { return edit.operation == Operation::directed; });
}

/// A directed plan of a ranking has a linear twin: how far it is off is measured, not promised.
[[noreturn]] void offer_oriented(const ExportOptions& options, const PlanSource& ranking,
                                 const Plan& plan, const Model& model) {
  PlanRecipe recipe = options.plan.recipe;
  recipe.rule = Rule::oriented;
  const Agreement off =
      agreement_of_plans(plan, ranking.plan(recipe), model, options.prompts, options.run);
  throw UsageError(
      "export", directed_is_not_linear,
      fmt::format("--rule oriented is linear. Of this ranking, over {} texts, its logits are up to "
                  "{:.3g} from the directed plan's (mean divergence {:.3g} nats), and {:.1f} % of "
                  "the next tokens are the same",
                  off.texts, off.largest_difference, off.mean_divergence,
                  100 * off.same_next_token));
}

/// What others can find the model by: its name on the hub, else where it lies.
std::string base_model_name(const ModelLocation& location) {
  if (location.manifest && !location.manifest->hub.empty()) return location.manifest->hub;
  return location.path.string();
}

/// PEFT names the modules of a larger model's text part by the class that it was loaded with.
void refuse_text_part(const std::filesystem::path& model) {
  if (!std::filesystem::is_directory(model)) return;
  if (!has_text_part(read_json(model / "config.json"))) return;
  throw UsageError("export",
                   model.string() +
                       " is more than a text model, whose modules PEFT would not find "
                       "under an adapter's names",
                   "Use --to hf");
}

void write_export(const ExportOptions& options, const Plan& plan, const DecoderConfig& config,
                  const ModelLocation& location) {
  switch (options.to) {
    case ExportFormat::ia3:
      refuse_text_part(location.path);
      return write_ia3_adapter(plan, config, base_model_name(location), options.out);
    case ExportFormat::control_vector:
      return write_control_vector(plan, config, options.out);
    case ExportFormat::hf:
      if (!std::filesystem::is_directory(location.path)) {
        throw UsageError("export",
                         location.path.string() +
                             " is a GGUF file, and --to hf folds a plan into "
                             "a folder of safetensors",
                         "Name the original checkpoint's folder with --model and --force, or use "
                         "--to ia3");
      }
      write_folded_checkpoint(plan, config, location.path, options.out);
  }
}

}  // namespace

std::optional<Verification> export_plan(const ExportOptions& options) {
  const std::optional<Plan> plan = load_plan_choice(options.plan);
  if (!plan) throw UsageError("export", "no plan is given", "--plan names a ranking or a plan");
  if (options.to == ExportFormat::control_vector && options.out.extension() != ".gguf") {
    throw UsageError("export", "a control vector is one file: --out must end in .gguf");
  }
  const ModelLocation location =
      locate_model(options.run.model, project_folder("configs"), home_folder());
  Model model = open_model(options.run);
  check_made_for(model, plan->provenance, options.plan.file, options.plan.force);
  if (is_directed(*plan)) {
    const PlanSource source(options.plan.file);
    if (source.is_ranking()) offer_oriented(options, source, *plan, model);
  }
  write_export(options, *plan, model.decoder->config(), location);
  if (!options.verify) return std::nullopt;
  return verify_export(options.out, *plan, std::move(model), options.prompts, options.run);
}

}  // namespace austeer
