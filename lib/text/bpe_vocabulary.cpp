// From the neutral vocabulary to the parts of a BPE tokenizer.
#include "text/bpe_vocabulary.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "text/composed_tokenizer.hpp"
#include "text/named_pre_tokenizers.hpp"
#include "text/pieces.hpp"

namespace austeer {
namespace {

[[noreturn]] void refuse(const BpeVocabulary& vocabulary, std::string_view what) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", vocabulary.place, what), "", "", ""});
}

void add_token(const BpeVocabulary& vocabulary, std::size_t index, TokenizerParts& parts) {
  const std::string& piece = vocabulary.tokens[index];
  const auto id = static_cast<TokenId>(index);
  std::get<BpeRules>(parts.rules).vocabulary.emplace(piece, id);
  const auto type = vocabulary.types.empty() ? TokenType::normal
                                             : static_cast<TokenType>(vocabulary.types[index]);
  switch (type) {
    case TokenType::normal:
    case TokenType::unused:
      return;
    case TokenType::unknown:
    case TokenType::control:
    case TokenType::user_defined: {
      AddedToken token;
      token.id = id;
      token.content = piece;
      token.special = type != TokenType::user_defined;
      parts.added.push_back(std::move(token));
      return;
    }
    case TokenType::byte:
      break;
  }
  refuse(vocabulary,
         fmt::format("the token {} '{}' has type {}, which byte-level BPE does not have", id, piece,
                     vocabulary.types[index]));
}

std::string fingerprint_of(const BpeVocabulary& vocabulary) {
  Sha256 sha;
  const auto add = [&](std::string_view text) {
    sha.update(fmt::format("{}:", text.size())).update(text);  // sizes keep neighbours apart
  };
  const auto add_number = [&](std::int64_t number) { add(std::to_string(number)); };
  add("bpe-vocabulary-1");
  add(vocabulary.pre_tokenizer);
  add_number(vocabulary.add_bos ? vocabulary.bos.value_or(-1) : -1);
  add_number(vocabulary.add_eos ? vocabulary.eos.value_or(-1) : -1);
  add_number(static_cast<std::int64_t>(vocabulary.tokens.size()));
  for (const std::string& token : vocabulary.tokens) add(token);
  for (const std::int32_t type : vocabulary.types) add_number(type);
  for (const auto& [left, right] : vocabulary.merges) {
    add(left);
    add(right);
  }
  return sha.hex();
}

TokenId required_id(const BpeVocabulary& vocabulary, const std::optional<TokenId>& id,
                    std::string_view name) {
  if (!id) refuse(vocabulary, fmt::format("{} is to be added, but the file names none", name));
  return *id;
}

}  // namespace

MergePieces split_merge(std::string_view merge, const std::string& place) {
  const std::size_t space = merge.find(' ');
  const bool two = space != std::string_view::npos && space > 0 && space + 1 < merge.size() &&
                   merge.find(' ', space + 1) == std::string_view::npos;
  if (!two) {
    throw FormatError({fmt::format("[tokenizer] {}: a malformed merge", place),
                       "two pieces with a space between them", fmt::format("'{}'", merge), ""});
  }
  return {std::string(merge.substr(0, space)), std::string(merge.substr(space + 1))};
}

std::unique_ptr<Tokenizer> make_tokenizer(const BpeVocabulary& vocabulary) {
  if (vocabulary.tokens.empty()) refuse(vocabulary, "the vocabulary is empty");
  check_pieces(vocabulary.tokens, vocabulary.place);
  if (!vocabulary.types.empty() && vocabulary.types.size() != vocabulary.tokens.size()) {
    refuse(vocabulary, fmt::format("{} tokens, but {} token types", vocabulary.tokens.size(),
                                   vocabulary.types.size()));
  }
  const NamedPreTokenizer& pre_tokenizer =
      named_pre_tokenizer(vocabulary.pre_tokenizer, vocabulary.place);
  TokenizerParts parts;
  parts.place = vocabulary.place;
  parts.fingerprint = fingerprint_of(vocabulary);
  for (const NormalForm form : pre_tokenizer.normal_forms) parts.normalizer.add_form(form);
  parts.decoder.add_byte_level();
  for (const std::string& pattern : pre_tokenizer.patterns) {
    parts.word_rules.emplace_back(SplitRule{Regex(pattern, vocabulary.place)});
  }
  BpeRules& rules = parts.rules.emplace<BpeRules>();
  rules.ignore_merges = pre_tokenizer.ignore_merges;
  rules.merges = vocabulary.merges;
  rules.vocabulary.reserve(vocabulary.tokens.size());
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) add_token(vocabulary, i, parts);
  if (vocabulary.add_bos) parts.prefix.push_back(required_id(vocabulary, vocabulary.bos, "BOS"));
  if (vocabulary.add_eos) parts.suffix.push_back(required_id(vocabulary, vocabulary.eos, "EOS"));
  return compose_tokenizer(std::move(parts));
}

}  // namespace austeer
