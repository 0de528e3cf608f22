// Special pieces are cut out of the text first; each stretch between them goes through the library.
#include "text/sentencepiece.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <exception>
#include <fmt/format.h>
#include <limits>
#include <sentencepiece_processor.h>
#include <spdlog/spdlog.h>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "text/byte_pieces.hpp"
#include "text/composed_tokenizer.hpp"

namespace austeer {

// The vocabulary is checked, then written as the model file that SentencePiece would have made of
// it, so that one library encodes both.

// The wire format: https://protobuf.dev/programming-guides/encoding

namespace {

constexpr std::uint32_t varint_type = 0, sized_type = 2, fixed32_type = 5;

}  // namespace

ProtobufWriter& ProtobufWriter::number(std::uint32_t field, std::int64_t value) {
  key(field, varint_type);
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

ProtobufWriter& ProtobufWriter::real(std::uint32_t field, float value) {
  key(field, fixed32_type);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) {  // little endian
    bytes_ += static_cast<char>(bits >> shift & 0xFF);
  }
  return *this;
}

ProtobufWriter& ProtobufWriter::text(std::uint32_t field, std::string_view value) {
  key(field, sized_type);
  varint(value.size());
  bytes_ += value;
  return *this;
}

void ProtobufWriter::key(std::uint32_t field, std::uint32_t wire_type) {
  varint(std::uint64_t{field} << 3 | wire_type);
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
void ProtobufWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
  bytes_ += static_cast<char>(value);
}

namespace {

constexpr int byte_values = 256;

[[noreturn]] void refuse(const SentencePieceVocabulary& vocabulary, std::string_view what) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", vocabulary.place, what), "", "", ""});
}

void check_length(const SentencePieceVocabulary& vocabulary, std::size_t length,
                  std::string_view name) {
  if (length == vocabulary.tokens.size()) return;
  refuse(vocabulary,
         fmt::format("{} tokens, but {} token {}", vocabulary.tokens.size(), length, name));
}

void check_id(const SentencePieceVocabulary& vocabulary, const std::optional<TokenId>& id,
              std::string_view name) {
  const auto count = static_cast<std::int64_t>(vocabulary.tokens.size());
  if (!id || (*id >= 0 && *id < count)) return;
  refuse(vocabulary, fmt::format("{} has the id {}, but there are {} tokens", name, *id, count));
}

void check_scores(const SentencePieceVocabulary& vocabulary) {
  constexpr double largest = std::numeric_limits<float>::max();
  for (std::size_t id = 0; id < vocabulary.scores.size(); ++id) {
    const double score = vocabulary.scores[id];
    if (std::abs(score) <= largest) continue;  // NaN is not
    refuse(vocabulary, fmt::format("the token {} '{}' has the score {}, which is no finite float",
                                   id, vocabulary.tokens[id], score));
  }
}

/// The type of each token. The one that the vocabulary names as unknown is unknown whatever the
/// list says, because some writers call it a control token there.
std::vector<TokenType> token_types(const SentencePieceVocabulary& vocabulary) {
  std::vector<TokenType> types;
  TokenId unknown = vocabulary.unknown.value_or(-1);
  for (std::size_t i = 0; i < vocabulary.types.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const std::int32_t number = vocabulary.types[i];
    if (number < static_cast<std::int32_t>(TokenType::normal) ||
        number > static_cast<std::int32_t>(TokenType::byte)) {
      refuse(vocabulary, fmt::format("the token {} '{}' has type {}, but types are 1 to 6", id,
                                     vocabulary.tokens[i], number));
    }
    types.push_back(static_cast<TokenType>(number));
    if (types.back() != TokenType::unknown) continue;
    if (unknown < 0) unknown = id;
    if (unknown != id) {
      refuse(vocabulary,
             fmt::format("the tokens {} and {} are both to be the unknown one", unknown, id));
    }
  }
  if (unknown < 0) refuse(vocabulary, "no token is the unknown one");
  types[static_cast<std::size_t>(unknown)] = TokenType::unknown;
  return types;
}

/// Whether there are byte tokens: all of them, or none.
bool has_byte_tokens(const SentencePieceVocabulary& vocabulary,
                     const std::vector<TokenType>& types) {
  std::unordered_map<std::string, int> missing;
  for (int byte = 0; byte < byte_values; ++byte) {
    missing.emplace(fmt::format("<0x{:02X}>", byte), byte);
  }
  for (std::size_t id = 0; id < types.size(); ++id) {
    if (types[id] != TokenType::byte || missing.erase(vocabulary.tokens[id]) == 1) continue;
    refuse(vocabulary, fmt::format("the byte token {} is '{}', not '<0x00>' to '<0xFF>'", id,
                                   vocabulary.tokens[id]));
  }
  if (!missing.empty() && missing.size() < byte_values) {
    refuse(vocabulary,
           fmt::format("{} byte tokens of {}", byte_values - missing.size(), byte_values));
  }
  return missing.empty();
}

// Field numbers and enumerations below are those of sentencepiece_model.proto.

std::string trainer_spec(const SentencePieceVocabulary& vocabulary,
                         const std::vector<TokenType>& types) {
  constexpr int bpe = 2;
  constexpr std::uint32_t model_type = 3, vocab_size = 4, byte_fallback = 35, unk_id = 40,
                          bos_id = 41, eos_id = 42, unk_piece = 45, bos_piece = 46, eos_piece = 47;
  ProtobufWriter spec;
  spec.number(model_type, bpe)
      .number(vocab_size, static_cast<std::int64_t>(types.size()))
      .number(byte_fallback, has_byte_tokens(vocabulary, types));
  const auto token = [&](std::uint32_t id_field, std::uint32_t piece_field,
                         const std::optional<TokenId>& id) {
    spec.number(id_field, id.value_or(-1));
    if (id) spec.text(piece_field, vocabulary.tokens[static_cast<std::size_t>(*id)]);
  };
  const auto unknown = std::find(types.begin(), types.end(), TokenType::unknown);
  token(unk_id, unk_piece, static_cast<TokenId>(unknown - types.begin()));
  token(bos_id, bos_piece, vocabulary.bos);
  token(eos_id, eos_piece, vocabulary.eos);
  return spec.bytes();
}

std::string normalizer_spec(bool add_space_prefix) {
  constexpr std::uint32_t name = 1, add_dummy_prefix = 3, remove_extra_whitespaces = 4,
                          escape_whitespaces = 5;
  ProtobufWriter spec;
  spec.text(name, "identity")
      .number(add_dummy_prefix, add_space_prefix)
      .number(remove_extra_whitespaces, false)
      .number(escape_whitespaces, true);
  return spec.bytes();
}

/// The checked vocabulary as a serialised ModelProto.
std::string model_of(const SentencePieceVocabulary& vocabulary) {
  constexpr std::uint32_t pieces = 1, trainer = 2, normalizer = 3;
  constexpr std::uint32_t piece_text = 1, piece_score = 2, piece_type = 3;
  const std::vector<TokenType> types = token_types(vocabulary);
  ProtobufWriter model;
  for (std::size_t id = 0; id < types.size(); ++id) {
    ProtobufWriter piece;
    piece.text(piece_text, vocabulary.tokens[id])
        .real(piece_score, static_cast<float>(vocabulary.scores[id]))
        .number(piece_type, static_cast<std::int64_t>(types[id]));
    model.text(pieces, piece.bytes());
  }
  model.text(trainer, trainer_spec(vocabulary, types))
      .text(normalizer, normalizer_spec(vocabulary.add_space_prefix));
  return model.bytes();
}

std::vector<TokenId> frame(const SentencePieceVocabulary& vocabulary, bool add,
                           const std::optional<TokenId>& id, std::string_view name) {
  if (!add) return {};
  if (!id) refuse(vocabulary, fmt::format("{} is to be added, but the file names none", name));
  return {*id};
}

/// GGUF files have spaces in user-defined tokens where SentencePiece has its mark (Gemma's runs of
/// spaces), since that is what these tokens stand for in a text.
SentencePieceVocabulary with_space_marks(SentencePieceVocabulary vocabulary) {
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (vocabulary.types[id] != static_cast<std::int32_t>(TokenType::user_defined)) continue;
    std::string& token = vocabulary.tokens[id];
    for (auto at = token.find(' '); at != std::string::npos; at = token.find(' ', at)) {
      token.replace(at, 1, "\u2581");
    }
  }
  return vocabulary;
}

}  // namespace

std::unique_ptr<Tokenizer> make_tokenizer(const SentencePieceVocabulary& given) {
  if (given.tokens.empty()) refuse(given, "the vocabulary is empty");
  check_length(given, given.scores.size(), "scores");
  check_length(given, given.types.size(), "types");
  const SentencePieceVocabulary vocabulary = with_space_marks(given);
  check_id(vocabulary, vocabulary.bos, "BOS");
  check_id(vocabulary, vocabulary.eos, "EOS");
  check_id(vocabulary, vocabulary.unknown, "the unknown token");
  // The pieces go into tries and C strings of the library, which must not meet NUL or half a
  // character.
  check_pieces(vocabulary.tokens, vocabulary.place);
  check_scores(vocabulary);
  SentencePieceParts parts;
  parts.model = model_of(vocabulary);
  parts.prefix = frame(vocabulary, vocabulary.add_bos, vocabulary.bos, "BOS");
  parts.suffix = frame(vocabulary, vocabulary.add_eos, vocabulary.eos, "EOS");
  parts.fingerprint = sha256(fmt::format("{}{}{}", parts.model, vocabulary.add_bos ? "+bos" : "",
                                         vocabulary.add_eos ? "+eos" : ""));
  parts.place = vocabulary.place;
  return make_sentencepiece_tokenizer(std::move(parts));
}

namespace {

using sentencepiece::SentencePieceProcessor;

constexpr std::string_view space_mark = "\xE2\x96\x81";  // U+2581, written for a space

// Protocol buffers let a message be continued by appending to it; a later value of a field wins.
// ModelProto field 3 (normalizer_spec), 2 bytes long: its field 3 (add_dummy_prefix) is false.
constexpr std::string_view without_prefix("\x1A\x02\x18\x00", 4);

void load(SentencePieceProcessor& processor, const std::string& bytes, const std::string& place) {
  std::string reason;
  try {
    const auto status = processor.LoadFromSerializedProto(bytes);
    if (status.ok()) return;
    reason = status.ToString();
  } catch (const std::exception& error) {  // its tries throw at keys that they cannot hold
    reason = error.what();
  }
  throw FormatError({fmt::format("[tokenizer] {}: not a SentencePiece model", place), "", reason,
                     "Is the file complete?"});
}

/// What the library loads but does not encode with as it should. It fails on a text in which it
/// meets a control token, which its cutting into characters can lead to.
void check(const SentencePieceProcessor& processor, const std::string& place) {
  const auto refuse = [&](const std::string& what) {
    throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", ""});
  };
  std::vector<std::string> pieces;
  for (TokenId id = 0; id < processor.GetPieceSize(); ++id) {
    pieces.push_back(processor.IdToPiece(id));
  }
  check_pieces(pieces, place);
  for (TokenId id = 0; id < processor.GetPieceSize(); ++id) {
    const std::string& piece = pieces[static_cast<std::size_t>(id)];
    if (!std::isfinite(processor.GetScore(id))) {
      refuse(fmt::format("the token {} '{}' has the score {}, which is no finite float", id, piece,
                         processor.GetScore(id)));
    }
    if (processor.IsControl(id) && code_point_at(piece, 0).length == piece.size()) {
      refuse(fmt::format("the control token {} '{}' is a single character", id, piece));
    }
  }
}

/// The piece as text: the mark stands for a space.
std::string with_spaces(std::string_view piece) {
  std::string text;
  while (!piece.empty()) {
    const bool is_mark = piece.starts_with(space_mark);
    text += is_mark ? ' ' : piece.front();
    piece.remove_prefix(is_mark ? space_mark.size() : 1);
  }
  return text;
}

class SentencePieceTokenizer final : public Tokenizer {
 public:
  explicit SentencePieceTokenizer(SentencePieceParts parts)
      : fingerprint_(std::move(parts.fingerprint)) {
    load(processor_, parts.model, parts.place);
    check(processor_, parts.place);
    parts.model += without_prefix;
    load(continuation_, parts.model, parts.place);
    add_tokens(parts.config, parts.place);
    const auto prefix =
        default_token(parts.prefix, parts.config.bos, processor_.bos_id(), "BOS", parts.place);
    const auto suffix =
        default_token(parts.suffix, parts.config.eos, processor_.eos_id(), "EOS", parts.place);
    set_default_tokens(prefix, suffix);
    prefixes_space_ = encoded(processor_, "a") != encoded(continuation_, "a");
  }

  std::string decode(std::span<const TokenId> ids) const override {
    std::string text;
    ByteRun bytes;  // the byte pieces since the last other piece
    for (const TokenId id : ids) {
      const auto added = added_.find(id);
      const bool is_own = id >= 0 && id < processor_.GetPieceSize();
      if (added == added_.end() ? !is_own : added->second.special) continue;
      const std::string& piece =
          added == added_.end() ? processor_.IdToPiece(id) : added->second.content;
      if (added == added_.end() && processor_.IsByte(id)) {
        bytes.add(byte_of_piece(piece).value());  // the library has checked that they look so
        continue;
      }
      text += bytes.take();
      text += with_spaces(piece);
    }
    text += bytes.take();
    if (prefixes_space_ && text.starts_with(' ')) text.erase(0, 1);
    return text;
  }

  std::int64_t size() const override { return size_; }

  std::optional<TokenId> find(std::string_view piece) const override {
    const auto added = added_ids_.find(std::string(piece));
    if (added != added_ids_.end()) return added->second;
    const TokenId id = own_id(piece).value_or(-1);
    if (id < 0 || added_.contains(id)) return std::nullopt;  // renamed
    return id;
  }

  std::string fingerprint() const override { return fingerprint_; }

 private:
  std::vector<TokenId> encode_text(std::string_view text) const override {
    std::vector<TokenId> ids;
    const std::string valid = repair_utf8(text);
    bool at_start = true;
    for (const TextSection& section : finder_.split(valid)) {
      if (section.id >= 0) {
        ids.push_back(section.id);
      } else {
        const auto more = encoded(at_start ? processor_ : continuation_, section.text);
        ids.insert(ids.end(), more.begin(), more.end());
      }
      at_start = false;
    }
    return ids;
  }

  /// The model's special pieces, and the tokens that were added to it.
  void add_tokens(TokenizerConfig config, const std::string& place) {
    std::vector<AddedToken> added;
    for (TokenId id = 0; id < processor_.GetPieceSize(); ++id) {
      if (!processor_.IsControl(id) && !processor_.IsUnknown(id)) continue;
      AddedToken token;
      token.id = id;
      token.content = processor_.IdToPiece(id);
      token.special = true;
      added.push_back(std::move(token));
    }
    // Nothing is normalised before tokens are looked for.
    for (AddedToken& token : config.added) token.normalized = false;
    const OwnTokens own{[&](std::string_view piece) { return own_id(piece); },
                        [&](TokenId id) -> std::optional<std::string> {
                          if (id >= processor_.GetPieceSize()) return std::nullopt;
                          return processor_.IdToPiece(id);
                        },
                        /*may_be_renamed=*/true, place};
    const std::string changes = add_configured_tokens(config, own, added);
    if (!changes.empty()) fingerprint_ = sha256(fingerprint_ + " " + changes);
    drop_renamed(added);
    size_ = processor_.GetPieceSize();
    for (const AddedToken& token : added) {
      size_ = std::max<std::int64_t>(size_, token.id + 1);
      added_ids_.emplace(token.content, token.id);
      added_.insert_or_assign(token.id, token);
    }
    finder_ = AddedTokenFinder(std::move(added));
    const auto end = added_ids_.find(config.eos);
    if (end != added_ids_.end()) set_end_token(end->second);
  }

  /// Leaves out what a later one of the same id has given another name.
  static void drop_renamed(std::vector<AddedToken>& added) {
    std::unordered_map<TokenId, std::string> names;
    for (const AddedToken& token : added) names.insert_or_assign(token.id, token.content);
    std::erase_if(added,
                  [&](const AddedToken& token) { return names.at(token.id) != token.content; });
  }

  /// What is given, or else the token that the files beside the model name, or else its own.
  std::vector<TokenId> default_token(const std::optional<std::vector<TokenId>>& given,
                                     const std::string& piece, TokenId own, std::string_view what,
                                     const std::string& place) {
    if (given) return *given;
    const std::optional<TokenId> named = piece.empty() ? std::nullopt : find(piece);
    if (!named && !piece.empty()) {
      spdlog::warn("{}: the files beside it name '{}' as {}, which is no token", place, piece,
                   what);
    }
    if (!named) return own < 0 ? std::vector<TokenId>{} : std::vector<TokenId>{own};
    if (*named == own) return {own};
    if (own >= 0) {
      spdlog::warn("{}: its {} is '{}', but the files beside it name '{}', which counts", place,
                   what, processor_.IdToPiece(own), piece);
    }
    fingerprint_ = sha256(fmt::format("{} {} {}", fingerprint_, what, *named));
    return {*named};
  }

  std::optional<TokenId> own_id(std::string_view piece) const {
    const TokenId id = processor_.PieceToId(piece);
    const bool is_piece =
        id >= 0 && id < processor_.GetPieceSize() && processor_.IdToPiece(id) == piece;
    return is_piece ? std::optional(id) : std::nullopt;
  }

  static std::vector<TokenId> encoded(const SentencePieceProcessor& processor,
                                      std::string_view text) {
    std::vector<int> ids;
    const auto status = processor.Encode(text, &ids);
    if (!status.ok()) throw ComputeError("tokenizer", "SentencePiece: " + status.ToString());
    return ids;
  }

  SentencePieceProcessor processor_;
  SentencePieceProcessor continuation_;            // the same model, which puts no space in front
  std::unordered_map<TokenId, AddedToken> added_;  // and the model's special pieces
  std::unordered_map<std::string, TokenId> added_ids_;
  AddedTokenFinder finder_;
  std::int64_t size_ = 0;
  bool prefixes_space_ = false;
  std::string fingerprint_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(SentencePieceParts parts) {
  return std::make_unique<SentencePieceTokenizer>(std::move(parts));
}

std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(std::string_view bytes,
                                                        const std::string& place,
                                                        const TokenizerConfig& config) {
  SentencePieceParts parts;
  parts.model = bytes;
  const bool add_bos = config.add_bos.value_or(true);
  const bool add_eos = config.add_eos.value_or(false);
  const std::vector<TokenId> none;
  if (!add_bos) parts.prefix = none;
  if (!add_eos) parts.suffix = none;
  parts.fingerprint = sha256(bytes);
  if (!add_bos || add_eos) {  // not the defaults
    parts.fingerprint = sha256(fmt::format("{} {} {}", parts.fingerprint, add_bos, add_eos));
  }
  parts.place = place;
  parts.config = config;
  return make_sentencepiece_tokenizer(std::move(parts));
}

}  // namespace austeer
