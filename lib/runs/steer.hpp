#pragma once
// steer: one prompt, continued with and without a plan.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"
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

/// {"text", "steered_units"}, and "vanilla" where that was asked for.
Json answer_json(const SteerReport& report);

/// The greedy continuation of `prompt` by a model that is open, steered where `plan` is not null.
/// Of `options` chat, system, max_new_tokens and run.engine count. Throws what chat_prompt(),
/// PlanTap and Engine throw.
std::string continue_prompt(const SteerOptions& options, const Model& model,
                            const std::string& prompt, const Plan* plan);

// An interactive session: prompts answered with and without the plan, whose strength and units can
// be changed between them. Lines in, replies out: what reads and prints them is the caller's.

/// A prompt continued both ways.
struct SessionAnswer {
  std::string prompt;
  std::string vanilla;
  std::string steered;
  std::int64_t steered_units = 0;  ///< activations that the plan edits per token
  /// What made the plan: {"k", "alpha", "rule", "positions", ...}, of these what it records.
  Json settings = Json::object();
};

/// {"prompt", "vanilla", "steered", "k", "alpha", "rule"}: null where the plan records none.
Json to_json(const SessionAnswer& answer);

/// What comes of one line: an answer, a message, the end, or nothing (of an empty line).
struct SessionReply {
  std::optional<SessionAnswer> answer = {};
  std::string message = {};  ///< one line, of :show and :help several; none ends in a line break
  bool quit = false;
};

class SteeringSession {
 public:
  /// Reads options.plan, which must name a file, and opens the model. options.prompt, .compare and
  /// .plan.save do not count. Throws what PlanSource, open_model(), check_made_for() and
  /// check_plan() throw.
  explicit SteeringSession(const SteerOptions& options);

  /// The same with a model that is open already: options.run says no more than how it was opened.
  SteeringSession(const SteerOptions& options, Model model);

  /// Carries out a command (":alpha 4"; ":help" lists them) or answers a prompt, which is any other
  /// line, without the blanks around it. Whatever cannot be done is told in the message and leaves
  /// the session as it was.
  SessionReply reply(std::string_view line);

  /// What the session steers with now, as one line: "k 16, alpha 10, rule scale, positions all: 16
  /// activations edited per token".
  std::string summary() const;

 private:
  struct Command;
  static std::span<const Command> commands();

  void check() const;
  SessionReply run_command(std::string_view line);
  SessionReply answer(const std::string& prompt) const;
  SessionReply change(const PlanRecipe& recipe);

  SessionReply set_k(const std::string& value);
  SessionReply set_alpha(const std::string& value);
  SessionReply set_rule(const std::string& value);
  SessionReply show(const std::string& value);
  SessionReply save(const std::string& file);
  SessionReply help(const std::string& value);
  SessionReply quit(const std::string& value);

  SteerOptions options_;
  PlanSource source_;
  Plan plan_;
  Model model_;
};

}  // namespace austeer
