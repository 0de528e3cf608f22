#pragma once
// The prompts of a run: the first items of a task, or given texts, as the chat format shows them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/load.hpp"
#include "runs/options.hpp"
#include "tasks/task.hpp"

namespace austeer {

// A task as runs take it: its first items, and pairs by another rule than its own.

/// The first `limit` items of `split`, all where it is not set or there are fewer. Throws
/// UsageError for a limit below 1, and what Task::items throws.
std::vector<Item> first_items(const Task& task, const std::string& split,
                              std::optional<std::int64_t> limit, const RunOptions& run);

/// `task` with its pairs' wrong answers found by another rule ("most_similar"); as it is where that
/// is "". Throws FormatError for an unknown rule, and for a task whose pairs have none.
Task with_wrong_answer(const Task& task, const std::string& rule);

// Prompts in the chat format of a model: the template that it brings, else the format that
// configs/models has for it. The one place where messages become prompts.

struct ChatPrompt {
  std::string text;
  bool special_tokens = false;  ///< the text lacks the tokenizer's default special tokens
};

/// One user turn in the chat format of `model`, up to where its answer begins, after a system
/// message where `system` is not empty. Throws UsageError for a model without a chat format and for
/// a system message that it has no place for, and what ChatTemplate::render throws.
ChatPrompt chat_prompt(const Model& model, const std::string& message,
                       const std::string& system = "");

/// SHA-256 of what chat_prompt() depends on beside the messages and, where a template writes it,
/// the date; "" for a model without a format.
std::string chat_fingerprint(const Model& model);

/// Where `task` asks in chat: makes the prompts of its items, or what stands before the answers of
/// its pairs, chat prompts of `model`. Throws what chat_prompt() throws, with the place of the
/// item, and FormatError for a pair without a prompt.
void apply_chat(const Task& task, const Model& model, std::vector<Item>& items);
void apply_chat(const Task& task, const Model& model, std::vector<Pair>& pairs);

/// The prompts of `items` as texts that `tokenizer` makes the same tokens of with its default
/// special tokens. Throws UsageError where it does not.
std::vector<std::string> prompt_texts(std::span<const Item> items, const Tokenizer& tokenizer);

// Which prompts a probe runs: given ones, or those of a task.

struct PromptChoice {
  std::vector<std::string> prompts = {};
  std::string task = {};  ///< in place of prompts: a name in configs/tasks/, or a YAML file
  std::string split = "test";
  std::optional<std::int64_t> limit = {};  ///< the task's first items only
};

/// What was chosen, before there is a model: given prompts, or a task's items.
struct ChosenPrompts {
  std::vector<std::string> prompts = {};
  std::optional<Task> task = {};
  std::vector<Item> items = {};

  /// The prompts for `model`, in its chat format where the task asks for that. Throws what
  /// apply_chat() and prompt_texts() throw.
  std::vector<std::string> texts(const Model& model) const;
};

/// At least one prompt or item. Throws UsageError unless either prompts or a task are given, and
/// what load_task and first_items throw.
ChosenPrompts choose_prompts(const PromptChoice& choice, const RunOptions& run);

}  // namespace austeer
