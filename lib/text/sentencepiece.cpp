// Special pieces are cut out of the text first; each stretch between them goes through the library.
#include "text/sentencepiece.hpp"

#include <cmath>
#include <exception>
#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "text/added_tokens.hpp"
#include "text/pieces.hpp"
#include "text/utf8.hpp"

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
      : suffix_(std::move(parts.suffix)), fingerprint_(std::move(parts.fingerprint)) {
    load(processor_, parts.model, parts.place);
    check(processor_, parts.place);
    parts.model += without_prefix;
    load(continuation_, parts.model, parts.place);
    if (parts.prefix) {
      prefix_ = *std::move(parts.prefix);
    } else if (processor_.bos_id() >= 0) {
      prefix_ = {processor_.bos_id()};
    }
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
    std::string bytes;  // of the byte pieces since the last other piece
    for (const TokenId id : ids) {
      if (id < 0 || id >= size()) {
        throw UsageError("tokenizer",
                         fmt::format("cannot decode the id {}: ids are below {}", id, size()));
      }
      if (is_special(id)) continue;
      if (processor_.IsByte(id)) {
        bytes += byte_of(processor_.IdToPiece(id));
        continue;
      }
      flush(bytes, text);
      text += with_spaces(processor_.IdToPiece(id));
    }
    flush(bytes, text);
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

  /// "<0x0A>" → "\n"; the library has checked that byte pieces look so.
  static char byte_of(const std::string& piece) {
    return static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16));
  }

  /// A run of byte pieces is text when it is UTF-8 as a whole; else each byte is U+FFFD.
  static void flush(std::string& bytes, std::string& text) {
    if (bytes.empty()) return;
    if (valid_utf8_prefix(bytes) == bytes.size()) {
      text += bytes;
    } else {
      for (std::size_t i = 0; i < bytes.size(); ++i) append_utf8(text, 0xFFFD);
    }
    bytes.clear();
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
                                                        const std::string& place) {
  SentencePieceParts parts;
  parts.model = bytes;
  parts.fingerprint = sha256(bytes);
  parts.place = place;
  return make_sentencepiece_tokenizer(std::move(parts));
}

}  // namespace austeer
