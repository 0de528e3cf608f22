#include "runs/prompts.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/paths.hpp"
#include "tasks/metrics.hpp"
#include "text/chat_template.hpp"
#include "text/template.hpp"

namespace austeer {

std::vector<Item> first_items(const Task& task, const std::string& split,
                              std::optional<std::int64_t> limit, const RunOptions& run) {
  std::vector<Item> items = task.items(split, datasets_folder(run, task.config().dataset));
  if (!limit) return items;
  if (*limit < 1) throw UsageError("task", "--limit must be at least 1");
  items.resize(std::min(items.size(), static_cast<std::size_t>(*limit)));
  return items;
}

Task with_wrong_answer(const Task& task, const std::string& rule) {
  if (rule.empty()) return task;
  Json document = task.resolved();
  document["wrong_answer"] = rule;
  return Task(document, task.name());
}

namespace {

[[noreturn]] void refuse_system(const std::string& place) {
  throw UsageError("chat", fmt::format("{} has no place for a system message", place),
                   "Put it into the prompt");
}

std::string rendered(const Model& model, const std::string& message, const std::string& system) {
  std::vector<ChatMessage> messages;
  if (!system.empty()) messages.push_back({"system", system});
  messages.push_back({"user", message});
  return model.chat_template->render(messages, {true, model.chat_variables});
}

ChatPrompt by_template(const Model& model, const std::string& message, const std::string& system) {
  ChatPrompt prompt{rendered(model, message, system), false};
  // A template whose own default is this very message says the same without it.
  const bool is_said = prompt.text.find(stripped(system)) != std::string::npos;
  if (!system.empty() && !is_said && prompt.text == rendered(model, message, "")) {
    refuse_system(model.chat_template->place());
  }
  return prompt;
}

ChatPrompt by_configs(const Model& model, const std::string& message, const std::string& system) {
  const std::string place = "the chat format of " + model.name + " in configs/models";
  if (!system.empty()) refuse_system(place);
  const Template chat(model.chat, place);
  const Json value = message;
  const auto lookup = [&](const std::string& field) {
    return field == "prompt" ? &value : nullptr;
  };
  return {chat.fill(lookup, "the prompt"), true};
}

std::string with_place(const std::string& place, const Error& error) {
  return fmt::format("{}: {}", place, error.what());
}

/// As chat_prompt(); messages open with the `place` of the record.
ChatPrompt chat_prompt_at(const std::string& place, const Model& model, const std::string& message,
                          const std::string& system) {
  try {
    return chat_prompt(model, message, system);
  } catch (const UsageError& error) {
    throw UsageError(ErrorParts{with_place(place, error), "", "", ""});
  } catch (const FormatError& error) {
    throw FormatError(ErrorParts{with_place(place, error), "", "", ""});
  }
}

/// Puts what stands before the answer of `text` into the chat; `answer` is moved to where the
/// answer begins then. Returns whether the text lacks special tokens.
bool apply_to_text(const Model& model, const std::string& place, const std::string& system,
                   std::string& text, std::size_t& answer) {
  if (answer == 0) {
    throw FormatError({place + ": chat: true needs a prompt in each text of a pair",
                       "a prompt that goes into the chat, and the answer after it",
                       "a text that is an answer as a whole", "Give the pairs' sides a prompt"});
  }
  ChatPrompt prompt = chat_prompt_at(place, model, text.substr(0, answer), system);
  text.replace(0, answer, prompt.text);
  answer = prompt.text.size();
  return prompt.special_tokens;
}

}  // namespace

ChatPrompt chat_prompt(const Model& model, const std::string& message, const std::string& system) {
  if (model.chat_template) return by_template(model, message, system);
  if (!model.chat.empty()) return by_configs(model, message, system);
  throw UsageError("chat", "no chat format is known for the model '" + model.name + "'",
                   "It brings no chat template, and configs/models/ has none for it; without chat "
                   "the prompt is taken as it is");
}

std::string chat_fingerprint(const Model& model) {
  if (!model.chat_template) return model.chat.empty() ? "" : sha256(model.chat);
  if (model.chat_variables.empty()) return model.chat_template->fingerprint();
  return sha256(model.chat_template->fingerprint() + to_text(model.chat_variables));
}

void apply_chat(const Task& task, const Model& model, std::vector<Item>& items) {
  if (!task.config().chat) return;
  for (Item& item : items) {
    ChatPrompt prompt = chat_prompt_at(item.place, model, item.prompt, item.system);
    item.message = std::move(item.prompt);
    item.prompt = std::move(prompt.text);
    item.special_tokens = prompt.special_tokens;
  }
}

void apply_chat(const Task& task, const Model& model, std::vector<Pair>& pairs) {
  if (!task.config().chat) return;
  for (Pair& pair : pairs) {
    pair.special_tokens =
        apply_to_text(model, pair.place, pair.positive_system, pair.positive, pair.positive_answer);
    apply_to_text(model, pair.place, pair.negative_system, pair.negative, pair.negative_answer);
  }
}

std::vector<std::string> prompt_texts(std::span<const Item> items, const Tokenizer& tokenizer) {
  std::vector<std::string> texts;
  for (const Item& item : items) {
    if (!item.special_tokens && tokenizer.adds_tokens_to(item.prompt)) {
      throw UsageError("chat",
                       item.place +
                           ": the tokenizer adds special tokens to the chat prompt, which "
                           "the chat template leaves out",
                       "Use a task without chat: true here");
    }
    texts.push_back(item.prompt);
  }
  return texts;
}

std::vector<std::string> ChosenPrompts::texts(const Model& model) const {
  if (!task) return prompts;
  std::vector<Item> asked = items;
  apply_chat(*task, model, asked);
  return prompt_texts(asked, *model.tokenizer);
}

ChosenPrompts choose_prompts(const PromptChoice& choice, const RunOptions& run) {
  if (choice.prompts.empty() == choice.task.empty()) {
    throw UsageError("probe", "it needs prompts: either --prompt or --task");
  }
  ChosenPrompts chosen;
  chosen.prompts = choice.prompts;
  if (choice.task.empty()) return chosen;
  chosen.task = load_task(choice.task, project_folder("configs"));
  chosen.items = first_items(*chosen.task, choice.split, choice.limit, run);
  return chosen;
}

}  // namespace austeer
