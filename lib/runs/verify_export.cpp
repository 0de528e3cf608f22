#include "runs/verify_export.hpp"

#include <c10/core/InferenceMode.h>

#include "base/error.hpp"
#include "engine/engine.hpp"
#include "engine/plan_tap.hpp"
#include "exports/control_vector.hpp"
#include "exports/ia3_adapter.hpp"
#include "runs/plan_origin.hpp"

namespace austeer {
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

}  // namespace austeer
