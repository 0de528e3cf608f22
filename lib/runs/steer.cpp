#include "runs/steer.hpp"

#include "engine/plan_tap.hpp"
#include "runs/chat_format.hpp"
#include "runs/plan_origin.hpp"

namespace austeer {
namespace {

Tokens prompt_tokens(const SteerOptions& options, const Model& model, const std::string& prompt) {
  if (!options.chat) return model.tokenizer->encode(prompt);
  const ChatPrompt chat = chat_prompt(model, prompt, options.system);
  return model.tokenizer->encode(chat.text, chat.special_tokens);
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
  const Tokens tokens = prompt_tokens(options, model, prompt);
  const GenerateOptions generate{options.max_new_tokens, model.stop_tokens};
  return model.tokenizer->decode(
      engine.generate({&tokens, 1}, generate, tap ? &*tap : nullptr).front());
}

}  // namespace austeer
