#include "runs/steer.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/names.hpp"
#include "base/scan.hpp"
#include "engine/plan_tap.hpp"
#include "plans/units.hpp"
#include "runs/plan_choice.hpp"
#include "runs/prompts.hpp"

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

namespace {

constexpr std::size_t most_units_shown = 20;

std::string_view without_blanks(std::string_view text) {
  constexpr const char* blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

template <typename Number>
Number session_number(const char* command, const std::string& text) {
  if (const auto number = parse_number<Number>(text)) return *number;
  throw UsageError({fmt::format("[steer] :{} cannot be set", command),
                    std::is_integral_v<Number> ? "a whole number" : "a number", "'" + text + "'",
                    ""});
}

/// What the plan records of how it was made of its ranking.
Json settings_of(const Plan& plan) {
  Json settings = Json::object();
  if (!plan.provenance.is_object()) return settings;
  for (const char* key :
       {"k", "units", "alpha", "rule", "positions", "layer", "control", "seed", "suppress"}) {
    if (plan.provenance.contains(key)) settings[key] = plan.provenance.at(key);
  }
  return settings;
}

std::string setting_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? fmt::format("{}", value.get<double>()) : to_text(value);
}

/// One line per unit, as many as are shown; those that are clamped to what they are do not count.
std::string list_units(const Plan& plan) {
  std::string lines;
  std::size_t count = 0;
  for (const Edit& edit : plan.edits) {
    for (std::size_t i = 0; i < edit.dims.size(); ++i) {
      if (edit.operation == Operation::clamp && edit.values[i] == 0) continue;
      if (count++ >= most_units_shown) continue;
      lines += fmt::format("\n{} {} {:+g}", unit_text({edit.site, edit.layer, edit.dims[i]}),
                           operation_name(edit.operation), edit.values[i]);
    }
  }
  if (count > most_units_shown) lines += fmt::format("\nand {} more", count - most_units_shown);
  return lines;
}

}  // namespace

Json to_json(const SessionAnswer& answer) {
  Json json = {{"prompt", answer.prompt}, {"vanilla", answer.vanilla}, {"steered", answer.steered}};
  for (const char* key : {"k", "alpha", "rule"}) json[key] = answer.settings.value(key, Json());
  return json;
}

struct SteeringSession::Command {
  const char* name;
  const char* argument;  ///< "" where it takes none
  const char* help;
  SessionReply (SteeringSession::*run)(const std::string& value);
};

std::span<const SteeringSession::Command> SteeringSession::commands() {
  static const std::string rules = enum_list<Rule>();
  static const std::array known = {
      Command{"k", "N", "steer the first N units (or heads, layers) of the ranking",
              &SteeringSession::set_k},
      Command{"alpha", "X", "strength", &SteeringSession::set_alpha},
      Command{"rule", "NAME", rules.c_str(), &SteeringSession::set_rule},
      Command{"show", "", "what is set, and the units with their edits", &SteeringSession::show},
      Command{"save", "FILE", "write the plan as it is now", &SteeringSession::save},
      Command{"help", "", "this list", &SteeringSession::help},
      Command{"quit", "", "end, as the end of the input does", &SteeringSession::quit}};
  return known;
}

SteeringSession::SteeringSession(const SteerOptions& options)
    : options_(options),
      source_(options.plan.file),
      plan_(source_.plan(options.plan.recipe)),
      model_(open_model(options.run)) {
  check();
}

SteeringSession::SteeringSession(const SteerOptions& options, Model model)
    : options_(options),
      source_(options.plan.file),
      plan_(source_.plan(options.plan.recipe)),
      model_(std::move(model)) {
  check();
}

void SteeringSession::check() const {
  check_made_for(model_, plan_.provenance, source_.file(), options_.plan.force);
  check_plan(plan_, model_.decoder->config());
}

SessionReply SteeringSession::reply(std::string_view line) {
  const std::string_view text = without_blanks(line);
  if (text.empty()) return {};
  try {
    return text.front() == ':' ? run_command(text.substr(1)) : answer(std::string(text));
  } catch (const Error& error) {
    return {.message = error.what()};
  }
}

SessionReply SteeringSession::run_command(std::string_view line) {
  const std::size_t space = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view name = line.substr(0, space);
  const std::string value(without_blanks(line.substr(space)));
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    names.emplace_back(command.name);
    if (name != command.name) continue;
    const bool takes_value = command.argument[0] != '\0';
    if (takes_value == value.empty()) {
      throw UsageError(
          "steer", takes_value ? fmt::format("a value is missing: :{} {}", name, command.argument)
                               : fmt::format(":{} takes no value", name));
    }
    return (this->*command.run)(value);
  }
  throw UsageError("steer", fmt::format("unknown command ':{}'", name), suggestion(name, names));
}

SessionReply SteeringSession::answer(const std::string& prompt) const {
  return {.answer = SessionAnswer{prompt, continue_prompt(options_, model_, prompt, nullptr),
                                  continue_prompt(options_, model_, prompt, &plan_), plan_.units(),
                                  settings_of(plan_)}};
}

/// Steers by `recipe` from here on, or throws and leaves everything as it was.
SessionReply SteeringSession::change(const PlanRecipe& recipe) {
  if (source_.is_fixed()) {
    throw UsageError("steer",
                     source_.file().string() + " is a plan: its units and strengths are fixed",
                     "Start with the ranking that it was made of to change them");
  }
  Plan plan = source_.plan(recipe);
  check_plan(plan, model_.decoder->config());
  plan_ = std::move(plan);
  options_.plan.recipe = recipe;
  return {.message = summary()};
}

SessionReply SteeringSession::set_k(const std::string& value) {
  PlanRecipe recipe = options_.plan.recipe;
  recipe.k = session_number<std::int64_t>("k", value);
  return change(recipe);
}

SessionReply SteeringSession::set_alpha(const std::string& value) {
  PlanRecipe recipe = options_.plan.recipe;
  recipe.alpha = session_number<double>("alpha", value);
  return change(recipe);
}

SessionReply SteeringSession::set_rule(const std::string& value) {
  PlanRecipe recipe = options_.plan.recipe;
  recipe.rule = enum_value<Rule>(value);
  return change(recipe);
}

SessionReply SteeringSession::show(const std::string& /*value*/) {
  return {.message = summary() + list_units(plan_)};
}

SessionReply SteeringSession::save(const std::string& file) {
  save_plan(plan_, file);
  return {.message = fmt::format("wrote {}", file)};
}

SessionReply SteeringSession::help(const std::string& /*value*/) {
  std::string lines = "a line is a prompt, or one of these:";
  for (const Command& command : commands()) {
    lines += fmt::format("\n{:<12}{}", fmt::format(":{} {}", command.name, command.argument),
                         command.help);
  }
  return {.message = lines};
}

SessionReply SteeringSession::quit(const std::string& /*value*/) { return {.quit = true}; }

std::string SteeringSession::summary() const {
  const Json settings = settings_of(plan_);
  std::string text;
  for (const auto& [key, value] : settings.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, setting_text(value));
  }
  if (text.empty()) text = source_.file().string();
  return fmt::format("{}: {} activations edited per token", text, plan_.units());
}

Json answer_json(const SteerReport& report) {
  Json answer = {{"text", report.text}, {"steered_units", report.steered_units}};
  if (report.vanilla) answer["vanilla"] = *report.vanilla;
  return answer;
}

}  // namespace austeer
