// Special pieces are cut out of the text first; each stretch between them goes through the library.
#include "text/sentencepiece.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <fmt/format.h>
#include <sentencepiece_processor.h>
#include <spdlog/spdlog.h>
#include <unordered_map>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "text/byte_pieces.hpp"
#include "text/composed_tokenizer.hpp"

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
