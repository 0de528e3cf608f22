#include "runs/steer.hpp"

#include "engine/plan_tap.hpp"
#include "runs/plan_origin.hpp"
#include "text/template.hpp"

namespace austeer {
namespace {

std::string chat_prompt(const Model& model, const std::string& prompt) {
  if (model.chat.empty()) {
    throw UsageError("steer", "no chat format is known for the model '" + model.name + "'",
                     "Chat formats stand in configs/models/; without --chat the prompt is taken "
                     "as it is");
  }
  const Template chat(model.chat, "chat format of " + model.name);
  const Json value = prompt;
  return chat.fill([&](const std::string& field) { return field == "prompt" ? &value : nullptr; },
                   "--prompt");
}

}  // namespace

SteerReport steer(const SteerOptions& options) {
  const std::optional<Plan> plan = load_plan_choice(options.plan);
  const Model model = open_model(options.run);
  SteerReport report;
  if (!plan) {
    report.text = continue_prompt(options, model, options.prompt, nullptr);
    return report;
  }
  check_made_for(model, plan->provenance, options.plan.file, options.plan.force);
  report.steered_units = plan->units();
  report.text = continue_prompt(options, model, options.prompt, &*plan);
  if (options.compare) {
    report.vanilla = continue_prompt(options, model, options.prompt, nullptr);
  }
  return report;
}

std::string continue_prompt(const SteerOptions& options, const Model& model,
                            const std::string& prompt, const Plan* plan) {
  const Engine engine(*model.decoder, options.run.engine);
  std::optional<PlanTap> tap;
  if (plan != nullptr) tap.emplace(*plan, *model.decoder);
  const Tokens tokens = model.tokenizer->encode(options.chat ? chat_prompt(model, prompt) : prompt);
  const GenerateOptions generate{options.max_new_tokens, model.stop_tokens};
  return model.tokenizer->decode(
      engine.generate({&tokens, 1}, generate, tap ? &*tap : nullptr).front());
}

}  // namespace austeer
