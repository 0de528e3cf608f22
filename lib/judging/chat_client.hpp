#pragma once
// One question to a chat model behind an OpenAI-compatible endpoint, one answer: over HTTP with
// time limits, and again after a pause where another try may help. The key comes from the
// environment, goes into one header, and into nothing else.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/settings.hpp"

namespace austeer {

struct ChatOptions {
  std::string endpoint;  ///< "https://host/v1", with or without /chat/completions
  std::string model;
  std::string key_variable = "OPENAI_API_KEY";  ///< environment variable that holds the key
  double connect_seconds = 10;
  double total_seconds = 180;  ///< of one try
  int tries = 6;
  double first_pause_seconds = 1;  ///< doubles with each try
  double longest_pause_seconds = 60;
  std::size_t max_bytes = 1 << 20;  ///< of one response
};

/// Which judge, as a study says it.
void describe(auto& visit, SettingsOf<ChatOptions> auto& chat) {
  visit(chat.endpoint, {.key = "endpoint", .required = true});
  visit(chat.model, {.key = "model", .required = true});
  visit(chat.key_variable, {.key = "key_variable"});
}

/// The address that questions are posted to. Throws UsageError for an address with another protocol
/// than http and https, or with a user name, a query or a fragment, where keys could hide; the
/// message does not repeat it.
std::string completions_address(const std::string& endpoint);

/// Seconds to wait after the `failed`th try (from 1): the doubled first pause, or what the server
/// asks for where that is more, at most the longest pause. `chance` in [0, 1) takes up to half of
/// the doubled pause off, so that parallel askers do not come back together.
double retry_pause(const ChatOptions& options, int failed, double asked_by_server, double chance);

/// A connection to one endpoint; for one thread at a time.
class ChatClient {
 public:
  /// Throws UsageError for an address or a variable's name that is none, or a key that cannot stand
  /// in a header.
  explicit ChatClient(ChatOptions options);
  ~ChatClient();
  ChatClient(ChatClient&&) noexcept;
  ChatClient& operator=(ChatClient&&) noexcept;

  /// The model's answer to `question` at temperature 0; "" where it gave none. Tries again after
  /// time-outs, dropped connections and the HTTP statuses 408, 409, 429 and 5xx. Throws FileError
  /// when that does not help, for any other status, for a response that is too large, and when
  /// `stop` is requested; FormatError for a response that is no chat completion.
  std::string ask(const std::string& question, const std::stop_token& stop = {});

  /// `text` with "[key]" wherever it contains the key.
  std::string redacted(std::string text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace austeer
