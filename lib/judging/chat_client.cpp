#include "judging/chat_client.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <random>
#include <spdlog/spdlog.h>

#include "base/http.hpp"
#include "base/json.hpp"
#include "base/paths.hpp"
#include "base/utf8.hpp"

namespace austeer {
namespace {

constexpr std::string_view completions = "/chat/completions";
constexpr std::size_t longest_key = 4096;
constexpr std::size_t longest_message = 300;  // of a server's own words in an error

/// The key in the environment variable `name`, "" where there is none.
std::string read_key(const std::string& name) {
  const bool is_name =
      !name.empty() && name.size() <= 100 &&
      std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
      std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  // The name is not repeated: it may be the key itself, put in the wrong place.
  if (!is_name) {
    throw UsageError({"[judge] the key's variable", "the name of an environment variable",
                      "something else (not shown, in case it is the key)",
                      "Put the key into a variable and give the variable's name"});
  }
  std::string key = environment(name);
  const bool printable =
      std::ranges::all_of(key, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (!printable || key.size() > longest_key) {
    throw UsageError({"[judge] the key in the environment", "printable ASCII without spaces",
                      "something else (not shown)", "Has a line break slipped in?"});
  }
  return key;
}

bool is_worth_another_try(const HttpReply& reply) {
  if (reply.status == 0) return reply.passing;
  return reply.status == 408 || reply.status == 409 || reply.status == 429 ||
         (reply.status >= 500 && reply.status < 600);
}

/// What the server says of its error, where it says it in JSON as OpenAI's does; else "".
std::string server_message(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("error")) return "";
  const Json& error = json.at("error");
  if (error.is_string()) return error.get<std::string>();
  if (!error.is_object() || !error.contains("message")) return "";
  return error.at("message").is_string() ? error.at("message").get<std::string>() : "";
}

std::string hint_for(long status) {
  if (status == 401 || status == 403) {
    return "Does the variable that --key-variable names hold a valid key?";
  }
  if (status == 404) return "Is the address right up to /v1, and does the server know the model?";
  if (status == 429) return "Its limit is used up; run again later, answers so far are kept";
  if (status >= 300 && status < 400) return "Give the address that it redirects to";
  return "";
}

/// choices[0].message.content of a chat completion, "" where it is null.
std::string content_of(const std::string& body, const std::string& what) {
  const auto refuse = [&](const std::string& found) {
    throw FormatError({what, "a chat completion, JSON with choices[0].message.content", found,
                       "Is it the address of an OpenAI-compatible server, up to /v1?"});
  };
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) refuse(fmt::format("{} bytes that are not JSON", body.size()));
  if (!json.is_object() || !json.contains("choices")) refuse("JSON without 'choices'");
  const Json& choices = json.at("choices");
  if (!choices.is_array() || choices.empty()) refuse("no choice in 'choices'");
  const Json& choice = choices.front();
  if (!choice.is_object() || !choice.contains("message") || !choice.at("message").is_object()) {
    refuse("a choice without 'message'");
  }
  const Json& message = choice.at("message");
  if (!message.contains("content") || message.at("content").is_null()) return "";
  if (!message.at("content").is_string()) refuse("a 'content' that is no text");
  return message.at("content").get<std::string>();
}

/// Sleeps, unless `stop` is requested before or meanwhile.
void pause_for(double seconds, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, std::chrono::duration<double>(seconds), [] { return false; });
}

}  // namespace

std::string completions_address(const std::string& endpoint) {
  const bool known = endpoint.starts_with("https://") || endpoint.starts_with("http://");
  const bool odd = endpoint.find_first_of("@?#\\ \t\r\n") != std::string::npos;
  const std::size_t host = endpoint.find("//") + 2;
  if (!known || odd || host >= endpoint.size() || endpoint[host] == '/') {
    throw UsageError({"[judge] the endpoint",
                      "an address such as https://host/v1, without user name and query",
                      "another one (not shown, in case it has a key in it)", ""});
  }
  std::string address = endpoint;
  while (address.ends_with('/')) address.pop_back();
  if (!address.ends_with(completions)) address += completions;
  return address;
}

double retry_pause(const ChatOptions& options, int failed, double asked_by_server, double chance) {
  const double doubled = options.first_pause_seconds * std::exp2(failed - 1);
  const double own = std::min(doubled, options.longest_pause_seconds) * (1 - chance / 2);
  return std::min(std::max(own, asked_by_server), options.longest_pause_seconds);
}

struct ChatClient::State {
  explicit State(ChatOptions chat)
      : options(std::move(chat)),
        address(completions_address(options.endpoint)),
        key(read_key(options.key_variable)),
        poster(address, key, {options.connect_seconds, options.total_seconds, options.max_bytes}) {}

  ChatOptions options;
  std::string address;
  std::string key;
  HttpPoster poster;
  std::mt19937 random{std::random_device{}()};

  std::string what() const { return fmt::format("[judge] {}", address); }
  std::string redacted(std::string text) const;
  std::string outcome(const HttpReply& reply) const;
  [[noreturn]] void refuse(const HttpReply& reply, int tries) const;
};

std::string ChatClient::State::redacted(std::string text) const {
  constexpr std::string_view mark = "[key]";
  if (key.empty()) return text;
  std::size_t at = text.find(key);
  while (at != std::string::npos) {
    text.replace(at, key.size(), mark);
    at = text.find(key, at + mark.size());
  }
  return text;
}

/// How a try ended, on one line and without the key.
std::string ChatClient::State::outcome(const HttpReply& reply) const {
  if (reply.too_large) return fmt::format("a response of more than {} bytes", options.max_bytes);
  std::string words = redacted(reply.status == 0 ? reply.failure : server_message(reply.body));
  std::ranges::replace_if(
      words, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  if (words.size() > longest_message) words = repair_utf8(words.substr(0, longest_message)) + "...";
  if (reply.status == 0) return words;
  return fmt::format("HTTP status {}{}", reply.status, words.empty() ? "" : ": " + words);
}

void ChatClient::State::refuse(const HttpReply& reply, int tries) const {
  const std::string again = tries > 1 ? fmt::format(" ({} tries)", tries) : "";
  throw FileError({what(), "an answer", outcome(reply) + again, hint_for(reply.status)});
}

ChatClient::ChatClient(ChatOptions options) : state_(std::make_unique<State>(std::move(options))) {}
ChatClient::~ChatClient() = default;
ChatClient::ChatClient(ChatClient&&) noexcept = default;
ChatClient& ChatClient::operator=(ChatClient&&) noexcept = default;

std::string ChatClient::redacted(std::string text) const {
  return state_->redacted(std::move(text));
}

std::string ChatClient::ask(const std::string& question, const std::stop_token& stop) {
  const ChatOptions& options = state_->options;
  const Json message = {{"role", "user"}, {"content", question}};
  const std::string body =
      to_text({{"model", options.model}, {"messages", Json::array({message})}, {"temperature", 0}});
  for (int failed = 1;; ++failed) {
    const HttpReply reply = state_->poster.post(body, stop);
    if (stop.stop_requested()) throw FileError("judge", "stopped");
    if (reply.status == 200) return content_of(reply.body, state_->what());
    if (!is_worth_another_try(reply) || failed >= options.tries) state_->refuse(reply, failed);
    const double chance = std::uniform_real_distribution<double>(0, 1)(state_->random);
    const double pause = retry_pause(options, failed, reply.retry_after, chance);
    spdlog::debug("judge: {}; trying again in {:.1f} s", state_->outcome(reply), pause);
    pause_for(pause, stop);
    if (stop.stop_requested()) throw FileError("judge", "stopped");
  }
}

}  // namespace austeer
