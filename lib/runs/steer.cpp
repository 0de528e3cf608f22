#include "runs/steer.hpp"

#include "engine/plan_tap.hpp"
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
  return chat.fill([&](const std::string& field) { return field == "prompt" ? &prompt : nullptr; },
                   "--prompt");
}

}  // namespace

SteerReport steer(const SteerOptions& options) {
  const std::optional<Plan> plan = load_plan_choice(options.plan);
  const Model model = open_model(options.run);
  const Engine engine(*model.decoder, {options.run.batch_tokens});
  const Tokens prompt =
      model.tokenizer->encode(options.chat ? chat_prompt(model, options.prompt) : options.prompt);
  const GenerateOptions generate{options.max_new_tokens, model.stop_tokens};
  const auto continuation = [&](Tap* tap) {
    return model.tokenizer->decode(engine.generate({&prompt, 1}, generate, tap).front());
  };

  SteerReport report;
  if (!plan) {
    report.text = continuation(nullptr);
    return report;
  }
  PlanTap tap(*plan, *model.decoder);
  report.steered_units = plan->units();
  report.text = continuation(&tap);
  if (options.compare) report.vanilla = continuation(nullptr);
  return report;
}

}  // namespace austeer
