// A doubly linked list of symbols and a heap of candidate merges, lowest rank and leftmost first.
// A candidate whose neighbours have changed since is recognised when it comes up.
#include "text/bpe.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <map>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/scan.hpp"
#include "base/utf8.hpp"
#include "text/byte_pieces.hpp"
#include "text/composed_tokenizer.hpp"
#include "text/pre_tokenizer.hpp"
#include "text/tokenizer_config.hpp"
#include "text/tokenizer_json.hpp"

namespace austeer {

namespace {

std::uint64_t pair_key(TokenId left, TokenId right) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) |
         static_cast<std::uint32_t>(right);
}

TokenId id_of(const BpeRules& rules, const std::string& piece, std::string_view what,
              const std::string& place) {
  const auto found = rules.vocabulary.find(piece);
  if (found == rules.vocabulary.end()) {
    throw FormatError({fmt::format("[tokenizer] {}: {} names '{}', which is not in the vocabulary",
                                   place, what, repair_utf8(piece)),
                       "", "", "The file is damaged, or its parts belong to different tokenizers"});
  }
  return found->second;
}

/// Orders a heap so that the lowest rank, and among equals the leftmost place, comes up first.
bool comes_later(const BpeScratch::Candidate& a, const BpeScratch::Candidate& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
}

void add_symbol(BpeScratch& scratch, TokenId id) {
  const auto position = static_cast<std::int32_t>(scratch.symbols.size());
  scratch.symbols.push_back({id, position - 1, position + 1, true});
}

BpeScratch::Symbol& at(BpeScratch& scratch, std::int32_t position) {
  return scratch.symbols[static_cast<std::size_t>(position)];
}

}  // namespace

std::size_t BpeModel::PairHash::operator()(std::uint64_t key) const {
  key *= 0x9E3779B97F4A7C15ull;  // 2^64 over the golden ratio: spreads neighbouring ids
  return static_cast<std::size_t>(key ^ (key >> 32));
}

BpeModel::BpeModel(const BpeRules& rules, const std::string& place)
    : byte_level_(rules.byte_level), fuse_unknown_(rules.fuse_unknown) {
  if (rules.unknown) unknown_ = id_of(rules, *rules.unknown, "unk_token", place);
  read_symbols(rules);
  merges_.reserve(rules.merges.size());
  for (std::size_t rank = 0; rank < rules.merges.size(); ++rank) {
    const auto& [left, right] = rules.merges[rank];
    const std::string what = fmt::format("merge {}", rank);
    const TokenId left_id = id_of(rules, left, what, place);
    const TokenId right_id = id_of(rules, right, what, place);
    merges_[pair_key(left_id, right_id)] = {static_cast<std::int32_t>(rank),
                                            id_of(rules, left + right, what, place)};
  }
  if (rules.ignore_merges) read_words(rules);
}

void BpeModel::read_symbols(const BpeRules& rules) {
  byte_ids_.fill(-1);
  for (std::size_t byte = 0; byte < byte_ids_.size(); ++byte) {
    std::string piece;
    if (byte_level_) {
      append_utf8(piece, byte_level_alphabet()[byte]);
    } else if (rules.byte_fallback) {
      piece = byte_piece(static_cast<unsigned char>(byte));
    } else {
      break;
    }
    const auto found = rules.vocabulary.find(piece);
    if (found != rules.vocabulary.end()) byte_ids_[byte] = found->second;
  }
  if (byte_level_) return;
  for (const auto& [piece, id] : rules.vocabulary) {
    if (piece.empty()) continue;
    const CodePoint first = code_point_at(piece, 0);
    if (first.length == piece.size()) characters_.emplace(first.value, id);
  }
}

void BpeModel::read_words(const BpeRules& rules) {
  words_.reserve(rules.vocabulary.size());
  for (const auto& [piece, id] : rules.vocabulary) {
    if (!byte_level_) {
      words_.emplace(piece, id);
    } else if (auto bytes = bytes_of_piece(piece)) {
      words_.emplace(std::move(*bytes), id);
    }
  }
}

const BpeModel::Merge* BpeModel::merge_of(TokenId left, TokenId right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

std::size_t BpeModel::symbol_length(std::string_view word, std::size_t position) const {
  return byte_level_ ? 1 : code_point_at(word, position).length;
}

TokenId BpeModel::symbol_id(std::string_view symbol) const {
  if (byte_level_) return byte_ids_[static_cast<unsigned char>(symbol.front())];
  const auto found = characters_.find(code_point_at(symbol, 0).value);
  return found == characters_.end() ? -1 : found->second;
}

/// Adds the byte pieces of a character, if there is one for each of its bytes.
bool BpeModel::fall_back(std::string_view symbol, BpeScratch& scratch) const {
  if (byte_level_) return false;
  const auto id_of_byte = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
  if (std::any_of(symbol.begin(), symbol.end(), [&](char c) { return id_of_byte(c) < 0; })) {
    return false;
  }
  for (const char c : symbol) add_symbol(scratch, id_of_byte(c));
  return true;
}

void BpeModel::fill_symbols(std::string_view word, BpeScratch& scratch) const {
  scratch.symbols.clear();
  // As in the `tokenizers` package, an unknown symbol waits for the next that is not fallen back
  // from, because that one may be fused with it.
  bool unknown_waits = false;
  const auto end_unknown = [&] {
    if (unknown_waits) add_symbol(scratch, unknown_);
    unknown_waits = false;
  };
  std::size_t length = 0;
  for (std::size_t position = 0; position < word.size(); position += length) {
    length = symbol_length(word, position);
    const std::string_view symbol = word.substr(position, length);
    if (const TokenId id = symbol_id(symbol); id >= 0) {
      end_unknown();
      add_symbol(scratch, id);
    } else if (!fall_back(symbol, scratch) && unknown_ >= 0) {
      if (!fuse_unknown_) end_unknown();
      unknown_waits = true;
    }
  }
  end_unknown();
  if (!scratch.symbols.empty()) scratch.symbols.back().next = -1;
}

void BpeModel::propose(BpeScratch& scratch, std::int32_t left) const {
  const BpeScratch::Symbol& symbol = at(scratch, left);
  if (symbol.next < 0) return;
  const Merge* merge = merge_of(symbol.id, at(scratch, symbol.next).id);
  if (merge == nullptr) return;
  scratch.queue.push_back({merge->rank, left, merge->joined});
  std::push_heap(scratch.queue.begin(), scratch.queue.end(), comes_later);
}

void BpeModel::merge_symbols(BpeScratch& scratch) const {
  std::vector<BpeScratch::Candidate>& queue = scratch.queue;
  queue.clear();
  for (std::size_t i = 0; i < scratch.symbols.size(); ++i) {
    propose(scratch, static_cast<std::int32_t>(i));
  }
  while (!queue.empty()) {
    std::pop_heap(queue.begin(), queue.end(), comes_later);
    const BpeScratch::Candidate top = queue.back();
    queue.pop_back();
    BpeScratch::Symbol& left = at(scratch, top.position);
    if (!left.alive || left.next < 0) continue;
    BpeScratch::Symbol& right = at(scratch, left.next);
    const Merge* merge = merge_of(left.id, right.id);
    if (merge == nullptr || merge->joined != top.joined) continue;
    left.id = top.joined;
    right.alive = false;
    left.next = right.next;
    if (left.next >= 0) at(scratch, left.next).previous = top.position;
    if (left.previous >= 0) propose(scratch, left.previous);
    propose(scratch, top.position);
  }
}

void BpeModel::encode_word(std::string_view word, BpeScratch& scratch,
                           std::vector<TokenId>& ids) const {
  if (!words_.empty()) {
    const auto found = words_.find(std::string(word));
    if (found != words_.end()) {
      ids.push_back(found->second);
      return;
    }
  }
  if (word.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw ComputeError("tokenizer", "a word of more than 2 GiB cannot be encoded");
  }
  fill_symbols(word, scratch);
  merge_symbols(scratch);
  for (const BpeScratch::Symbol& symbol : scratch.symbols) {
    if (symbol.alive) ids.push_back(symbol.id);
  }
}

// From the neutral vocabulary to the parts of a BPE tokenizer.

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

// The files say the same as a tokenizer.json does, so that is what is made of them.

namespace {

using Document = nlohmann::json;

struct RobertaOptions {
  std::map<std::string, std::string> special = {{"cls_token", "<s>"},
                                                {"sep_token", "</s>"},
                                                {"pad_token", "<pad>"},
                                                {"unk_token", "<unk>"},
                                                {"mask_token", "<mask>"}};
  bool space_in_front = false;
};

RobertaOptions read_roberta_options(const std::filesystem::path& folder) {
  RobertaOptions options;
  const std::filesystem::path file = folder / "tokenizer_config.json";
  if (!std::filesystem::exists(file)) return options;
  const Json json = read_json(file);
  Fields fields(json, file.string());
  options.space_in_front = fields.optional("add_prefix_space", false);
  for (auto& [key, piece] : options.special) {
    if (fields.has(key)) piece = token_piece(json, fields, key);
  }
  return options;
}

/// The merges, one a line after the line that names the version.
Document merges_of(std::string_view text) {
  Document merges = Document::array();
  for (std::string_view line : lines_of(text)) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with("#version")) merges.push_back(std::string(line));
  }
  return merges;
}

Document added_tokens(const RobertaOptions& options, const Document& vocabulary,
                      const std::string& place) {
  std::map<std::string, std::uint64_t> ids;  // one piece may have several roles
  for (const auto& [key, piece] : options.special) {
    const auto found = vocabulary.find(piece);
    if (found != vocabulary.end() && found->is_number_unsigned()) {
      ids.emplace(piece, found->get<std::uint64_t>());
    } else if (key == "mask_token") {
      ids.emplace(piece, vocabulary.size());
    } else {
      throw FormatError("tokenizer",
                        fmt::format("{}: the special token '{}' is not in it", place, piece),
                        "Only RoBERTa's form of vocab.json is supported; others need a "
                        "tokenizer.json");
    }
  }
  Document tokens = Document::array();
  for (const auto& [piece, id] : ids) {
    tokens.push_back({{"id", id}, {"content", piece}, {"special", true}, {"normalized", false}});
  }
  return tokens;
}

Document document_of(const RobertaOptions& options, Document vocabulary, Document merges,
                     const std::string& place) {
  const auto frame = [&](const char* key) {
    const std::string& piece = options.special.at(key);
    return Document::array({piece, vocabulary.at(piece)});
  };
  Document document;
  document["added_tokens"] = added_tokens(options, vocabulary, place);
  document["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", options.space_in_front}};
  document["post_processor"] = {
      {"type", "RobertaProcessing"}, {"cls", frame("cls_token")}, {"sep", frame("sep_token")}};
  document["decoder"] = {{"type", "ByteLevel"}};
  document["model"] = {{"type", "BPE"}};
  document["model"]["vocab"] = std::move(vocabulary);
  document["model"]["merges"] = std::move(merges);
  return document;
}

}  // namespace

std::unique_ptr<Tokenizer> load_roberta_vocabulary(const std::filesystem::path& folder) {
  const std::string place = (folder / "vocab.json").string();
  const RobertaOptions options = read_roberta_options(folder);
  TokenizerDocument vocabulary = parse_tokenizer_json(read_file(folder / "vocab.json"), place);
  if (!vocabulary.json.is_object()) throw FormatError("tokenizer", place + ": not an object");
  const std::string merges = read_file(folder / "merges.txt");

  TokenizerDocument document;
  document.place = place;
  document.json = document_of(options, std::move(vocabulary.json), merges_of(merges), place);
  document.fingerprint =
      sha256(vocabulary.fingerprint + sha256(merges) + document.json["added_tokens"].dump() +
             document.json["pre_tokenizer"].dump() + document.json["post_processor"].dump());
  return make_tokenizer(document);
}

}  // namespace austeer
