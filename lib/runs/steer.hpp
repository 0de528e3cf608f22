#pragma once
// steer: one prompt, continued with and without a plan.

#include <cstdint>
#include <optional>
#include <string>

#include "runs/options.hpp"
#include "runs/plan_choice.hpp"

namespace austeer {

struct SteerOptions {
  RunOptions run;
  PlanChoice plan;
  std::string prompt;
  bool chat = false;     ///< wrap the prompt in the model's chat format
  std::string system;    ///< the system message of the chat; "": none
  bool compare = false;  ///< also continue without the plan
  std::int64_t max_new_tokens = 50;
};

struct SteerReport {
  std::string text;                    ///< the continuation, steered where there is a plan
  std::optional<std::string> vanilla;  ///< the unsteered one, when asked to compare
  std::int64_t steered_units = 0;      ///< activations that the plan edits per token
};

/// Continues options.prompt. Throws what load_plan_choice(), open_model(), check_made_for() and
/// continue_prompt() throw.
SteerReport steer(const SteerOptions& options);

/// The greedy continuation of `prompt` by a model that is open, steered where `plan` is not null.
/// Of `options` chat, system, max_new_tokens and run.engine count. Throws what chat_prompt(),
/// PlanTap and Engine throw.
std::string continue_prompt(const SteerOptions& options, const Model& model,
                            const std::string& prompt, const Plan* plan);

}  // namespace austeer
