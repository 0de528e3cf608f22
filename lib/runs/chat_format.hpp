#pragma once
// Prompts in the chat format of a model: the template that it brings, else the format that
// configs/models has for it. The one place where messages become prompts.

#include <span>
#include <string>
#include <vector>

#include "models/load.hpp"
#include "tasks/task.hpp"

namespace austeer {

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

}  // namespace austeer
