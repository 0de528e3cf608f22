#pragma once
// What the files beside a tokenizer say of its tokens: tokenizer_config.json, added_tokens.json and
// special_tokens_map.json. They decide where the tokenizer itself does not, and know tokens that
// were added after it was trained.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "text/composed_tokenizer.hpp"

namespace austeer {

struct TokenizerConfig {
  std::optional<bool> add_bos;        ///< `add_bos_token`: encode() puts bos first by default
  std::optional<bool> add_eos;        ///< `add_eos_token`: encode() puts eos last by default
  std::string bos;                    ///< the piece; "" when there is none
  std::string eos;                    ///< likewise
  std::string tokenizer_class;        ///< without "Fast"; "" when there is none
  std::vector<AddedToken> added;      ///< of added_tokens_decoder and added_tokens.json
  bool has_decoder = false;           ///< tokenizer_config.json has an added_tokens_decoder
  std::vector<std::string> specials;  ///< the pieces that are named as some special token
};

/// Reads the files of `folder`, each of which may be missing. Where they contradict each other, a
/// warning says which counts: tokenizer_config.json. Throws FileError, and FormatError for what is
/// not JSON, has one of these keys with another type, or gives a token an id above max_token_id.
TokenizerConfig read_tokenizer_config(const std::filesystem::path& folder);

/// A token under `key` of a tokenizer_config.json, as its piece: it is written as that, or as an
/// added token with that content. "" where there is none. Throws FormatError for anything else.
std::string token_piece(const Json& json, Fields& fields, const std::string& key);

/// The added token `id` of a tokenizer.json or an added_tokens_decoder: its content and flags.
AddedToken read_added_token(Fields& fields, TokenId id);

/// What a tokenizer's own file knows of its tokens.
struct OwnTokens {
  std::function<std::optional<TokenId>(std::string_view)> find;  ///< a token's id
  std::function<std::optional<std::string>(TokenId)> piece_of;   ///< the token of an id
  bool may_be_renamed = false;  ///< an id that the config gives to another piece becomes that
  std::string place;            ///< the file, for messages
};

/// Adds what `config` says to `added`, the added tokens of the tokenizer's own file: tokens that it
/// lacks, other flags of those that it has, and that named ones are special. Warns where the two
/// contradict each other. Returns what has changed, for the fingerprint: "" where nothing did.
std::string add_configured_tokens(const TokenizerConfig& config, const OwnTokens& own,
                                  std::vector<AddedToken>& added);

}  // namespace austeer
