#include "runs/export.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/paths.hpp"
#include "engine/engine.hpp"
#include "engine/plan_tap.hpp"
#include "exports/affine_plan.hpp"
#include "exports/control_vector.hpp"
#include "exports/folding.hpp"
#include "exports/ia3_adapter.hpp"
#include "models/folder_model.hpp"
#include "models/locate.hpp"
#include "runs/plan_choice.hpp"
#include "runs/unit_probes.hpp"

namespace austeer {

Agreement agreement(std::span<const at::Tensor> first, std::span<const at::Tensor> second) {
  if (first.empty() || first.size() != second.size()) {
    throw UsageError("agreement", "both runs need the same texts, at least one");
  }
  Agreement result{static_cast<std::int64_t>(first.size()), 0, 0, 0, 0};
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].sizes() != second[i].sizes()) {
      throw UsageError("agreement", "the two models have other vocabularies, or tokens");
    }
    const at::Tensor p = first[i].cpu().to(at::kDouble), q = second[i].cpu().to(at::kDouble);
    const double difference = (p - q).abs().max().item<double>();
    if (!std::isfinite(difference)) {
      throw ComputeError("agreement", "logits are NaN or infinite",
                         "Weaken the plan, or use --dtype float32");
    }
    result.tokens += p.size(0);
    result.largest_difference = std::max(result.largest_difference, difference);
    result.same_next_token += (p.argmax(-1) == q.argmax(-1)).sum().item<double>();
    result.mean_divergence +=
        kl_divergence(p.log_softmax(-1), q.log_softmax(-1)).sum().item<double>();
  }
  result.same_next_token /= static_cast<double>(result.tokens);
  result.mean_divergence /= static_cast<double>(result.tokens);
  return result;
}

Json to_json(const Agreement& agreement) {
  return {{"texts", agreement.texts},
          {"tokens", agreement.tokens},
          {"largest_difference", agreement.largest_difference},
          {"same_next_token", agreement.same_next_token},
          {"mean_divergence", agreement.mean_divergence}};
}

namespace {

namespace fs = std::filesystem;

/// Of several kinds, so that units which one kind leaves alone are met by another.
const std::vector<std::string> own_texts = {
    "The ferry to the island leaves at seven, and whoever misses it waits until noon.",
    "Question: Is water heavier than oil?\nAnswer: Yes, since oil floats on it.",
    "She counted the coins again: 14, 27, 39. Three were missing.",
    "def area(width, height):\n    return width * height\n",
    "You are the worst driver I have ever seen, and I have seen a few.",
    "Dear committee, thank you for the kind letter of 12 March.",
    "Der Zug nach Bern hat heute zwanzig Minuten Verspätung.",
    "Mix flour, salt and yeast; add lukewarm water; let the dough rest for an hour."};

std::vector<Tokens> texts_of(const PromptChoice& choice, const RunOptions& run,
                             const Model& model) {
  const bool own = choice.prompts.empty() && choice.task.empty();
  std::vector<Tokens> texts;
  for (const std::string& text : own ? own_texts : choose_prompts(choice, run).texts(model)) {
    texts.push_back(model.tokenizer->encode(text));
  }
  return texts;
}

/// Logits of every text, [T, V] on the CPU, under `plan`; one without edits does nothing.
std::vector<at::Tensor> logits_under(const Plan& plan, const Decoder& model,
                                     const std::vector<Tokens>& texts) {
  const c10::InferenceMode guard;
  const Engine engine(model);
  PlanTap tap(plan, model);
  std::vector<at::Tensor> logits;
  for (const Tokens& text : texts) {
    logits.push_back(engine.logits(text, plan.edits.empty() ? nullptr : &tap).cpu());
  }
  return logits;
}

/// The folded model's own logits.
std::vector<at::Tensor> folded_logits(const fs::path& folder, RunOptions run, at::ScalarType dtype,
                                      const std::vector<Tokens>& texts) {
  run.model = folder.string();
  run.dtype = dtype_name(dtype);
  const Model model = open_model(run);
  return logits_under({}, *model.decoder, texts);
}

}  // namespace

ExportFormat format_of_export(const fs::path& path) {
  if (fs::exists(path / "adapter_config.json")) return ExportFormat::ia3;
  if (fs::exists(path / "config.json")) return ExportFormat::hf;
  if (fs::is_regular_file(path) && path.extension() == ".gguf") return ExportFormat::control_vector;
  throw FileError({"[verify] " + path.string() + ": not an export",
                   "a folder with adapter_config.json or config.json, or a .gguf file",
                   fs::exists(path) ? "none of them" : "nothing",
                   "An export that was cut short lacks its config: export again"});
}

Verification verify_export(const fs::path& path, const Plan& plan, Model model,
                           const PromptChoice& choice, const RunOptions& run) {
  const ExportFormat format = format_of_export(path);
  const std::vector<Tokens> texts = texts_of(choice, run, model);
  const auto vanilla = logits_under({}, *model.decoder, texts);
  const auto steered = logits_under(plan, *model.decoder, texts);
  const at::ScalarType dtype = model.decoder->dtype();
  std::vector<at::Tensor> exported;
  if (format == ExportFormat::hf) {
    model.decoder.reset();
    exported = folded_logits(path, run, dtype, texts);
  } else {
    const Plan read =
        format == ExportFormat::ia3 ? read_ia3_adapter(path) : read_control_vector(path);
    exported = logits_under(read, *model.decoder, texts);
  }
  return {agreement(steered, exported), agreement(vanilla, steered)};
}

Verification verify(const VerifyOptions& options) {
  const std::optional<Plan> plan = load_plan_choice(options.plan);
  if (!plan) throw UsageError("verify", "no plan is given", "--plan names a ranking or a plan");
  Model model = open_model(options.run);
  check_made_for(model, plan->provenance, options.plan.file, options.plan.force);
  return verify_export(options.path, *plan, std::move(model), options.prompts, options.run);
}

Agreement agreement_of_plans(const Plan& first, const Plan& second, const Model& model,
                             const PromptChoice& choice, const RunOptions& run) {
  const std::vector<Tokens> texts = texts_of(choice, run, model);
  return agreement(logits_under(first, *model.decoder, texts),
                   logits_under(second, *model.decoder, texts));
}

Json to_json(const Verification& verification) {
  return {{"difference", to_json(verification.difference)},
          {"steering", to_json(verification.steering)}};
}

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

Json answer_json(const ExportOptions& options, const std::optional<Verification>& verification) {
  Json answer = {{"out", options.out.string()}, {"format", enum_name(options.to)}};
  if (verification) answer.update(to_json(*verification));
  return answer;
}

}  // namespace austeer
