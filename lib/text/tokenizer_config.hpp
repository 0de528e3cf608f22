#pragma once
// What a tokenizer_config.json says about default special tokens: the file beside a tokenizer that
// decides where the tokenizer itself does not.

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace austeer {

struct TokenizerConfig {
  std::optional<bool> add_bos;  ///< `add_bos_token`: encode() puts bos first by default
  std::optional<bool> add_eos;  ///< `add_eos_token`: encode() puts eos last by default
  std::string bos;              ///< the piece; "" when there is none
  std::string eos;
};

/// Reads `folder`/tokenizer_config.json; says nothing when there is no such file. Throws FileError,
/// and FormatError for what is not JSON or has one of these keys with another type.
TokenizerConfig read_tokenizer_config(const std::filesystem::path& folder);

/// A token under `key` of a tokenizer_config.json, as its piece: it is written as that, or as an
/// added token with that content. "" where there is none. Throws FormatError for anything else.
std::string token_piece(const Json& json, Fields& fields, const std::string& key);

}  // namespace austeer
