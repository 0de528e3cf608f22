#include "text/tokenizer_config.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <spdlog/spdlog.h>
#include <tuple>
#include <unordered_map>

#include "base/error.hpp"
#include "base/scan.hpp"

namespace austeer {
namespace {

constexpr std::array named_tokens = {"bos_token", "eos_token", "unk_token", "sep_token",
                                     "pad_token", "cls_token", "mask_token"};
constexpr std::array named_lists = {"additional_special_tokens", "extra_special_tokens"};

std::optional<bool> flag(Fields& fields, const std::string& key) {
  if (!fields.has(key)) return std::nullopt;
  return fields.required<bool>(key);
}

TokenId checked_id(std::int64_t id, const std::string& content, const std::string& found,
                   const std::string& place) {
  if (id >= 0 && id <= max_token_id) return static_cast<TokenId>(id);
  throw FormatError(
      {fmt::format("[tokenizer] {}: the added token '{}' has a wrong id", place, content),
       fmt::format("0 to {}", max_token_id), found, ""});
}

/// Where each content stands in a list of tokens.
std::unordered_map<std::string, std::size_t> places_of(const std::vector<AddedToken>& tokens) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < tokens.size(); ++i) places.emplace(tokens[i].content, i);
  return places;
}

void add_special(TokenizerConfig& config, const std::string& piece) {
  if (!piece.empty() && std::ranges::find(config.specials, piece) == config.specials.end()) {
    config.specials.push_back(piece);
  }
}

/// The pieces of a list of special tokens, or of an object that names each of them.
void read_special_list(const Json& json, Fields& fields, const std::string& key,
                       TokenizerConfig& config) {
  if (!fields.has(key)) return;
  const Json& list = json.at(key);
  if (!list.is_structured()) fields.refuse(key, "a list of tokens", list);
  for (const Json& entry : list) {
    const Json wrapped{{key, entry}};
    Fields one(wrapped, fields.place());
    add_special(config, token_piece(wrapped, one, key));
  }
}

void read_named_tokens(const Json& json, Fields& fields, TokenizerConfig& config) {
  for (const char* key : named_tokens) add_special(config, token_piece(json, fields, key));
  for (const char* key : named_lists) read_special_list(json, fields, key, config);
}

/// The object `added_tokens_decoder`: ids, and an added token for each.
void read_decoder_tokens(Fields& fields, TokenizerConfig& config) {
  const std::string key = "added_tokens_decoder";
  if (!fields.has(key)) return;
  config.has_decoder = true;
  const Json& tokens = fields.value(key);
  if (!tokens.is_object()) fields.refuse(key, "an object of ids and tokens", tokens);
  std::set<std::string> seen;
  for (const auto& [text, entry] : tokens.items()) {
    const auto id = parse_number<std::int64_t>(text).value_or(-1);
    Fields token(entry, fmt::format("{}: {}, '{}'", fields.place(), key, text));
    const auto content = token.required<std::string>("content");
    if (content.empty()) token.refuse("content", "a token that is not empty", content);
    if (seen.insert(content).second) {
      config.added.push_back(
          read_added_token(token, checked_id(id, content, text, fields.place())));
    } else {
      spdlog::warn("{}: '{}' stands twice in {}; the first counts", fields.place(), content, key);
    }
  }
}

void read_main_file(const std::filesystem::path& file, TokenizerConfig& config) {
  const Json json = read_json(file);
  Fields fields(json, file.string());
  config.add_bos = flag(fields, "add_bos_token");
  config.add_eos = flag(fields, "add_eos_token");
  config.bos = token_piece(json, fields, "bos_token");
  config.eos = token_piece(json, fields, "eos_token");
  config.tokenizer_class = fields.optional<std::string>("tokenizer_class", "");
  if (config.tokenizer_class.ends_with("Fast")) {
    config.tokenizer_class.resize(config.tokenizer_class.size() - 4);
  }
  read_decoder_tokens(fields, config);
  read_named_tokens(json, fields, config);
}

/// added_tokens.json: pieces and their ids. The added_tokens_decoder says more of each.
void read_older_added_tokens(const std::filesystem::path& file, TokenizerConfig& config) {
  const Json json = read_json(file);
  Fields fields(json, file.string());
  const auto places = places_of(config.added);
  std::unordered_map<TokenId, std::string> contents;
  for (const AddedToken& token : config.added) contents.emplace(token.id, token.content);
  for (const auto& [content, value] : json.items()) {
    if (content.empty()) fields.refuse(content, "a token that is not empty", value);
    const auto given = fields.required<std::int64_t>(content);
    const TokenId id = checked_id(given, content, std::to_string(given), file.string());
    const auto known = places.find(content);
    const auto same_id = contents.find(id);
    if (known != places.end()) {
      const TokenId counts = config.added[known->second].id;
      if (counts == id) continue;
      spdlog::warn("{}: '{}' is the token {}, but tokenizer_config.json says {}, which counts",
                   file.string(), content, id, counts);
    } else if (same_id != contents.end()) {
      spdlog::warn("{}: the token {} is '{}', but elsewhere '{}', which counts", file.string(), id,
                   content, same_id->second);
    } else {
      AddedToken token;
      token.id = id;
      token.content = content;
      config.added.push_back(std::move(token));
      contents.emplace(id, content);
    }
  }
}

/// As in `transformers` 5, the map counts beside the tokenizer_config.json of older versions, which
/// has no added_tokens_decoder, and gives way to one that has.
void read_special_tokens_map(const std::filesystem::path& file, TokenizerConfig& config) {
  const Json json = read_json(file);
  Fields fields(json, file.string());
  const auto read = [&](const char* key, std::string& piece) {
    const std::string here = token_piece(json, fields, key);
    if (piece.empty()) piece = here;
    if (here.empty() || here == piece) return;
    spdlog::warn("{}: '{}' is '{}', but tokenizer_config.json says '{}': the {} counts",
                 file.string(), key, here, piece, config.has_decoder ? "latter" : "former");
    if (!config.has_decoder) piece = here;
  };
  read("bos_token", config.bos);
  read("eos_token", config.eos);
  read_named_tokens(json, fields, config);
}

auto flags_of(const AddedToken& token) {
  return std::tie(token.special, token.single_word, token.lstrip, token.rstrip, token.normalized);
}

}  // namespace

std::string token_piece(const Json& json, Fields& fields, const std::string& key) {
  if (!fields.has(key)) return "";
  if (json.at(key).is_object()) return fields.object(key).required<std::string>("content");
  return fields.required<std::string>(key);
}

AddedToken read_added_token(Fields& fields, TokenId id) {
  AddedToken token;
  token.id = id;
  token.content = fields.required<std::string>("content");
  token.special = fields.optional<bool>("special", false);
  token.single_word = fields.optional<bool>("single_word", false);
  token.lstrip = fields.optional<bool>("lstrip", false);
  token.rstrip = fields.optional<bool>("rstrip", false);
  token.normalized = fields.optional<bool>("normalized", !token.special);
  return token;
}

TokenizerConfig read_tokenizer_config(const std::filesystem::path& folder) {
  TokenizerConfig config;
  const auto read = [&](const char* name,
                        void (*reader)(const std::filesystem::path&, TokenizerConfig&)) {
    if (std::filesystem::exists(folder / name)) reader(folder / name, config);
  };
  read("tokenizer_config.json", read_main_file);
  read("added_tokens.json", read_older_added_tokens);
  read("special_tokens_map.json", read_special_tokens_map);
  return config;
}

std::string add_configured_tokens(const TokenizerConfig& config, const OwnTokens& own,
                                  std::vector<AddedToken>& added) {
  std::string changes;
  auto places = places_of(added);
  const auto put = [&](const AddedToken& token) {
    const auto [known, is_new] = places.emplace(token.content, added.size());
    if (is_new) added.emplace_back();
    AddedToken& place = added[known->second];
    if (!is_new && flags_of(place) == flags_of(token)) return;
    changes +=
        fmt::format("{} {}:{} {}{}{}{}{};", token.id, token.content.size(), token.content,
                    token.special, token.single_word, token.lstrip, token.rstrip, token.normalized);
    place = token;
  };
  for (const AddedToken& token : config.added) {
    const auto id = own.find(token.content);
    const auto piece = own.piece_of(token.id);
    if (id && *id != token.id) {
      spdlog::warn("{}: '{}' is the token {}, but the files beside it say {}: the former counts",
                   own.place, token.content, *id, token.id);
    } else if (!id && piece) {
      spdlog::warn("{}: the token {} is '{}', but the files beside it say '{}': the {} counts",
                   own.place, token.id, *piece, token.content,
                   own.may_be_renamed ? "latter" : "former");
    }
    const bool counts = id ? *id == token.id : !piece || own.may_be_renamed;
    if (counts) put(token);
  }
  for (const std::string& piece : config.specials) {
    const auto known = places.find(piece);
    AddedToken token = known == places.end() ? AddedToken{} : added[known->second];
    if (known == places.end()) {
      const auto id = own.find(piece);
      if (!id) continue;  // a padding token, say, that the model never got
      token.id = *id;
      token.content = piece;
    }
    token.special = true;
    put(token);
  }
  return changes;
}

}  // namespace austeer
