#include "models/stop_tokens.hpp"

#include <algorithm>
#include <array>
#include <spdlog/spdlog.h>
#include <string_view>

#include "models/gguf_tokenizer.hpp"
#include "text/tokenizer.hpp"

namespace austeer {
namespace {

using namespace std::string_view_literals;

/// The ends of texts, turns and messages in the families, as llama.cpp knows them.
constexpr std::array end_names = {"</s>"sv,
                                  "<eos>"sv,
                                  "<EOT>"sv,
                                  "_<EOT>"sv,
                                  "\u2581<EOT>"sv,
                                  "[EOS]"sv,
                                  "[EOT]"sv,
                                  "<|eot_id|>"sv,
                                  "<|eom_id|>"sv,
                                  "<|im_end|>"sv,
                                  "<|end|>"sv,
                                  "<end_of_turn>"sv,
                                  "<|endoftext|>"sv,
                                  "<turn|>"sv,
                                  "<|end_of_text|>"sv,
                                  "<end_of_utterance>"sv,
                                  "<\uff5cend\u2581of\u2581sentence\uff5c>"sv};

}  // namespace

void add_stop_token(TokenId token, std::vector<TokenId>& tokens) {
  if (std::ranges::find(tokens, token) == tokens.end()) tokens.push_back(token);
}

void read_stop_tokens(Fields& fields, std::vector<TokenId>& tokens) {
  const std::string key = "eos_token_id";
  if (!fields.has(key)) return;
  if (!fields.value(key).is_array()) return add_stop_token(fields.required<TokenId>(key), tokens);
  for (const TokenId token : fields.required<std::vector<TokenId>>(key)) {
    add_stop_token(token, tokens);
  }
}

void add_end_token(const Tokenizer& tokenizer, const std::string& place,
                   std::vector<TokenId>& tokens) {
  const std::optional<TokenId> end = tokenizer.end_token();
  if (!end || std::ranges::find(tokens, *end) != tokens.end()) return;
  if (!tokens.empty()) {
    spdlog::warn(
        "{}: the tokenizer's eos_token is the token {}, which is not among the "
        "eos_token_id of the configuration; answers end at each of them",
        place, *end);
  }
  tokens.push_back(*end);
}

std::vector<TokenId> gguf_stop_tokens(const GgufFile& file, std::int64_t vocabulary) {
  std::vector<TokenId> tokens;
  for (const char* key : {"eos_token_id", "eot_token_id", "eom_token_id"}) {
    const auto token = gguf_token(file, std::string("tokenizer.ggml.") + key, vocabulary);
    if (token) add_stop_token(*token, tokens);
  }
  const GgufMetadata& metadata = file.metadata();
  const auto pieces = metadata.optional<std::vector<std::string_view>>("tokenizer.ggml.tokens", {});
  const auto types = metadata.optional<std::vector<std::int64_t>>("tokenizer.ggml.token_type", {});
  const auto count = std::min({pieces.size(), types.size(), static_cast<std::size_t>(vocabulary)});
  for (std::size_t id = 0; id < count; ++id) {
    const bool is_control = types[id] == static_cast<std::int64_t>(TokenType::control);
    if (!is_control || std::ranges::find(end_names, pieces[id]) == end_names.end()) continue;
    add_stop_token(static_cast<TokenId>(id), tokens);
  }
  return tokens;
}

}  // namespace austeer
