// The vocabulary is checked, then written as the model file that SentencePiece would have made of
// it, so that one library encodes both.
#include "text/sentencepiece_vocabulary.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "text/byte_pieces.hpp"
#include "text/sentencepiece.hpp"

namespace austeer {

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

}  // namespace austeer
