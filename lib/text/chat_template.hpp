#pragma once
// The chat template that a model brings: a Jinja template that makes one text of the turns of a
// conversation, as apply_chat_template of transformers does.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace austeer {

struct ChatMessage {
  std::string role;  ///< "system", "user", "assistant"
  std::string content;
};

/// How a conversation is rendered.
struct ChatRendering {
  bool add_generation_prompt = true;  ///< end where the assistant's answer begins
  Json variables = Json::object();  ///< others that the template reads: {"enable_thinking": false}
};

/// A template is immutable; all members may be called from several threads.
class ChatTemplate {
 public:
  /// Takes `source` with the special tokens that it may name ("bos_token" → "<s>"); `place`, a
  /// file, opens messages. A template that cannot be used is refused by render(), not here, so that
  /// a model is of use without it.
  ChatTemplate(std::string source, std::string place,
               std::map<std::string, std::string> special_tokens = {});

  /// A template that is there but cannot be used, for the reason `problem`.
  static ChatTemplate unusable(std::string place, std::string problem);

  /// The text of `messages`, special tokens written out: a tokenizer adds none to it. Throws
  /// FormatError, naming place and line, for a template with an error or with what is not
  /// supported, for a refusal of the template's own (raise_exception), and for one that takes too
  /// many steps or too much memory. strftime_now() gives the local time of the process's first
  /// rendering, or that of SOURCE_DATE_EPOCH.
  std::string render(std::span<const ChatMessage> messages, const ChatRendering& how = {}) const;

  /// SHA-256 of what render() depends on: source and special tokens.
  const std::string& fingerprint() const { return fingerprint_; }
  const std::string& place() const { return place_; }

 private:
  struct Parsed;

  std::string place_;
  std::map<std::string, std::string> special_tokens_;
  std::string fingerprint_;
  std::shared_ptr<const Parsed> parsed_;
};

/// The template called "default"; an unusable one where there are others alone. Nothing where there
/// is none. `place` opens messages.
std::optional<ChatTemplate> choose_chat_template(
    const std::map<std::string, std::string>& sources, const std::string& place,
    const std::map<std::string, std::string>& special_tokens);

/// The template of a Hugging Face folder: chat_template.jinja (and additional_chat_templates/),
/// else `chat_template` of tokenizer_config.json, a text or a list of {name, template}, else that
/// of chat_template.json. Special tokens are those of tokenizer_config.json and
/// special_tokens_map.json. Nothing where there is none; an unusable one where a file cannot be
/// read or is malformed.
std::optional<ChatTemplate> read_chat_template(const std::filesystem::path& folder);

}  // namespace austeer
