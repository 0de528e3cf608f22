// Special pieces are cut out of the text first; each stretch between them goes through the library.
#include "text/sentencepiece.hpp"

#include <cmath>
#include <exception>
#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "text/added_tokens.hpp"
#include "text/byte_pieces.hpp"
#include "text/pieces.hpp"

namespace austeer {
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
    const auto given_or = [](const std::optional<std::vector<TokenId>>& given, TokenId id) {
      return given ? *given : id >= 0 ? std::vector<TokenId>{id} : std::vector<TokenId>{};
    };
    prefix_ = given_or(parts.prefix, processor_.bos_id());
    suffix_ = given_or(parts.suffix, processor_.eos_id());
    std::vector<AddedToken> specials;
    for (TokenId id = 0; id < size(); ++id) {
      if (!is_special(id)) continue;
      AddedToken token;
      token.id = id;
      token.content = processor_.IdToPiece(id);
      specials.push_back(std::move(token));
    }
    specials_ = AddedTokenFinder(std::move(specials));
    prefixes_space_ = encoded(processor_, "a") != encoded(continuation_, "a");
  }

  std::vector<TokenId> encode(std::string_view text, bool add_special_tokens) const override {
    std::vector<TokenId> ids;
    if (add_special_tokens) ids = prefix_;
    const std::string valid = repair_utf8(text);
    bool at_start = true;
    for (const TextSection& section : specials_.split(valid)) {
      if (section.id >= 0) {
        ids.push_back(section.id);
      } else {
        const auto more = encoded(at_start ? processor_ : continuation_, section.text);
        ids.insert(ids.end(), more.begin(), more.end());
      }
      at_start = false;
    }
    if (add_special_tokens) ids.insert(ids.end(), suffix_.begin(), suffix_.end());
    return ids;
  }

  std::string decode(std::span<const TokenId> ids) const override {
    std::string text;
    ByteRun bytes;  // the byte pieces since the last other piece
    for (const TokenId id : ids) {
      if (id < 0 || id >= size()) {
        throw UsageError("tokenizer",
                         fmt::format("cannot decode the id {}: ids are below {}", id, size()));
      }
      if (is_special(id)) continue;
      const std::string& piece = processor_.IdToPiece(id);
      if (processor_.IsByte(id)) {  // the library has checked that byte pieces look so
        bytes.add(byte_of_piece(piece).value());
        continue;
      }
      text += bytes.take();
      text += with_spaces(piece);
    }
    text += bytes.take();
    if (prefixes_space_ && text.starts_with(' ')) text.erase(0, 1);
    return text;
  }

  std::int64_t size() const override { return processor_.GetPieceSize(); }

  std::optional<TokenId> find(std::string_view piece) const override {
    const TokenId id = processor_.PieceToId(piece);
    if (id < 0 || id >= size() || processor_.IdToPiece(id) != piece) return std::nullopt;
    return id;
  }

  std::string fingerprint() const override { return fingerprint_; }

 private:
  bool is_special(TokenId id) const { return processor_.IsControl(id) || processor_.IsUnknown(id); }

  static std::vector<TokenId> encoded(const SentencePieceProcessor& processor,
                                      std::string_view text) {
    std::vector<int> ids;
    const auto status = processor.Encode(text, &ids);
    if (!status.ok()) throw ComputeError("tokenizer", "SentencePiece: " + status.ToString());
    return ids;
  }

  SentencePieceProcessor processor_;
  SentencePieceProcessor continuation_;  // the same model, which puts no space in front
  AddedTokenFinder specials_;
  std::vector<TokenId> prefix_;
  std::vector<TokenId> suffix_;
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
  return make_sentencepiece_tokenizer(std::move(parts));
}

}  // namespace austeer
