// Encoding: added tokens are cut out of the raw text, the rest is normalised, cut again by the
// tokens that are looked for there, split into words, and each word encoded. Decoding: the pieces
// but the special ones go through the decoder.
#include "text/composed_tokenizer.hpp"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "text/unicode.hpp"

namespace austeer {

// The search is a narrowing of a range of sorted contents, byte by byte.

namespace {

std::size_t first_byte(const std::string& content) {
  return static_cast<unsigned char>(content.front());
}

bool touches_word(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin > 0 && is_word_character(code_point_before(text, begin).value)) ||
         (end < text.size() && is_word_character(code_point_at(text, end).value));
}

/// Where the white space that ends at `position` begins, not before `floor`.
std::size_t before_white_space(std::string_view text, std::size_t position, std::size_t floor) {
  while (position > floor) {
    const CodePoint previous = code_point_before(text, position);
    if (!is_white_space(previous.value)) break;
    position -= previous.length;
  }
  return position;
}

std::size_t after_white_space(std::string_view text, std::size_t position) {
  while (position < text.size()) {
    const CodePoint next = code_point_at(text, position);
    if (!is_white_space(next.value)) break;
    position += next.length;
  }
  return position;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::sort(tokens_.begin(), tokens_.end(),
            [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
  for (const AddedToken& token : tokens_) starts_with_[first_byte(token.content)] = true;
}

const AddedToken* AddedTokenFinder::longest_at(std::string_view text, std::size_t position) const {
  const AddedToken* longest = nullptr;
  auto begin = tokens_.begin();
  auto end = tokens_.end();
  for (std::size_t depth = 0; position + depth < text.size(); ++depth) {
    // All contents in [begin, end) agree with the text on `depth` bytes, and are longer than that.
    const auto byte = static_cast<unsigned char>(text[position + depth]);
    const auto byte_of = [&](const AddedToken& token) {
      return static_cast<unsigned char>(token.content[depth]);
    };
    begin = std::partition_point(begin, end, [&](const auto& t) { return byte_of(t) < byte; });
    end = std::partition_point(begin, end, [&](const auto& t) { return byte_of(t) <= byte; });
    if (begin != end && begin->content.size() == depth + 1) longest = &*begin++;
    if (begin == end) break;
  }
  return longest;
}

std::vector<TextSection> AddedTokenFinder::split(std::string_view text) const {
  std::vector<TextSection> sections;
  std::size_t done = 0;
  for (std::size_t position = 0; position < text.size();) {
    const bool possible = starts_with_[static_cast<unsigned char>(text[position])];
    const AddedToken* token = possible ? longest_at(text, position) : nullptr;
    if (token == nullptr) {
      ++position;
      continue;
    }
    std::size_t begin = position;
    std::size_t end = begin + token->content.size();
    position = end;
    if (token->single_word && touches_word(text, begin, end)) continue;
    // White space that the token before has taken is not given back.
    if (token->lstrip) begin = before_white_space(text, begin, std::min(done, begin));
    if (token->rstrip) end = after_white_space(text, end);
    if (done < begin) sections.push_back({-1, text.substr(done, begin - done)});
    sections.push_back({token->id, text.substr(begin, end - begin)});
    done = end;
  }
  if (done < text.size()) sections.push_back({-1, text.substr(done)});
  return sections;
}

namespace {

[[noreturn]] void refuse_parts(const std::string& place, std::string_view what) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "",
                     "The file is damaged or was put together from different tokenizers"});
}

void check_added(const TokenizerParts& parts) {
  std::unordered_map<std::string_view, TokenId> contents;
  for (const AddedToken& token : parts.added) {
    if (token.content.empty())
      refuse_parts(parts.place, fmt::format("added token {} is empty", token.id));
    if (!contents.emplace(token.content, token.id).second) {
      refuse_parts(parts.place, fmt::format("the added token '{}' stands twice", token.content));
    }
    const auto found = parts.vocabulary().find(token.content);
    if (found != parts.vocabulary().end() && found->second != token.id) {
      refuse_parts(parts.place,
                   fmt::format("the added token '{}' has id {}, in the vocabulary id {}",
                               token.content, token.id, found->second));
    }
  }
}

/// The pieces by id; empty where an id is no token's.
std::vector<std::string> pieces_by_id(const TokenizerParts& parts) {
  std::vector<std::pair<TokenId, std::string_view>> all;
  for (const auto& [piece, id] : parts.vocabulary()) all.emplace_back(id, piece);
  for (const AddedToken& token : parts.added) {
    if (!parts.vocabulary().contains(token.content)) all.emplace_back(token.id, token.content);
  }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& [id, piece] = all[i];
    if (id < 0) refuse_parts(parts.place, fmt::format("'{}' has the negative id {}", piece, id));
    if (id > max_token_id) {
      refuse_parts(parts.place, fmt::format("'{}' has the id {}, but ids go to {} at most", piece,
                                            id, max_token_id));
    }
    if (i > 0 && all[i - 1].first == id) {
      refuse_parts(parts.place, fmt::format("the id {} is given to '{}' and '{}'", id,
                                            all[i - 1].second, piece));
    }
  }
  std::vector<std::string> pieces(all.empty() ? 0 : static_cast<std::size_t>(all.back().first) + 1);
  for (const auto& [id, piece] : all) pieces[static_cast<std::size_t>(id)] = piece;
  return pieces;
}

std::vector<AddedToken> those_normalized(const std::vector<AddedToken>& tokens, bool normalized) {
  std::vector<AddedToken> result;
  for (const AddedToken& token : tokens) {
    if (token.normalized == normalized) result.push_back(token);
  }
  return result;
}

using WordModel = std::variant<BpeModel, WordPieceModel, UnigramModel>;

struct ModelMaker {
  const std::string& place;

  WordModel operator()(const BpeRules& rules) const { return BpeModel(rules, place); }
  WordModel operator()(const WordPieceRules& rules) const { return WordPieceModel(rules, place); }
  WordModel operator()(const UnigramRules& rules) const { return UnigramModel(rules, place); }
};

struct WordEncoder {
  std::string_view word;
  BpeScratch& scratch;
  std::vector<TokenId>& ids;

  void operator()(const BpeModel& model) const { model.encode_word(word, scratch, ids); }
  void operator()(const WordPieceModel& model) const { model.encode_word(word, ids); }
  void operator()(const UnigramModel& model) const { model.encode_word(word, ids); }
};

class ComposedTokenizer final : public Tokenizer {
 public:
  explicit ComposedTokenizer(TokenizerParts parts)
      : model_(std::visit(ModelMaker{parts.place}, parts.rules)),
        pieces_(pieces_by_id(parts)),
        normalizer_(std::move(parts.normalizer)),
        decoder_(std::move(parts.decoder)),
        pre_tokenizer_(std::move(parts.word_rules)),
        fingerprint_(std::move(parts.fingerprint)) {
    ids_.reserve(pieces_.size());
    for (std::size_t id = 0; id < pieces_.size(); ++id) {
      if (!pieces_[id].empty()) ids_.emplace(pieces_[id], static_cast<TokenId>(id));
    }
    special_.resize(pieces_.size(), false);
    for (const AddedToken& token : parts.added) {
      const auto id = static_cast<std::size_t>(token.id);
      special_[id] = token.special;
      if (token.normalized) found_as_.emplace(token.id, normalizer_.apply(token.content));
    }
    check_special(parts.prefix, parts.place);
    check_special(parts.suffix, parts.place);
    set_default_tokens(std::move(parts.prefix), std::move(parts.suffix));
    set_end_token(parts.end);
    raw_tokens_ = AddedTokenFinder(those_normalized(parts.added, false));
    normalized_tokens_ = make_normalized_finder(parts);
  }

  std::string decode(std::span<const TokenId> ids) const override {
    std::vector<std::string> pieces;
    for (const TokenId id : ids) {
      if (id < 0 || id >= size()) continue;
      const auto index = static_cast<std::size_t>(id);
      if (special_[index] || pieces_[index].empty()) continue;
      const auto found = found_as_.find(id);
      pieces.push_back(found == found_as_.end() ? pieces_[index] : found->second);
    }
    return decoder_.decode(std::move(pieces));
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(pieces_.size()); }

  std::optional<TokenId> find(std::string_view piece) const override {
    const auto found = ids_.find(piece);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
  }

  std::string fingerprint() const override { return fingerprint_; }

 private:
  std::vector<TokenId> encode_text(std::string_view text) const override {
    std::vector<TokenId> ids;
    BpeScratch scratch;
    const std::string valid = repair_utf8(text);
    for (const TextSection& section : raw_tokens_.split(valid)) {
      const bool at_start = section.text.data() == valid.data();
      if (section.id >= 0) {
        ids.push_back(section.id);
      } else if (normalizer_.empty()) {
        encode_section(section.text, at_start, scratch, ids);
      } else {
        encode_section(normalizer_.apply(section.text), at_start, scratch, ids);
      }
    }
    return ids;
  }

  void check_special(const std::vector<TokenId>& ids, const std::string& place) const {
    for (const TokenId id : ids) {
      if (id < 0 || id >= size()) {
        refuse_parts(place, fmt::format("the default special token has id {}, but ids are below {}",
                                        id, size()));
      }
    }
  }

  AddedTokenFinder make_normalized_finder(const TokenizerParts& parts) const {
    std::vector<AddedToken> tokens = those_normalized(parts.added, true);
    for (AddedToken& token : tokens) token.content = normalizer_.apply(token.content);
    // Two tokens may be equal after normalisation; the one given first is found.
    std::unordered_map<std::string, AddedToken> by_content;
    for (AddedToken& token : tokens) by_content.emplace(token.content, token);
    tokens.clear();
    for (auto& [content, token] : by_content) tokens.push_back(std::move(token));
    return AddedTokenFinder(std::move(tokens));
  }

  void encode_section(std::string_view text, bool at_start, BpeScratch& scratch,
                      std::vector<TokenId>& ids) const {
    for (const TextSection& section : normalized_tokens_.split(text)) {
      const bool first = at_start && section.text.data() == text.data();
      if (section.id >= 0) {
        ids.push_back(section.id);
        continue;
      }
      std::deque<std::string> storage;
      for (const std::string_view word : pre_tokenizer_.split(section.text, first, storage)) {
        std::visit(WordEncoder{word, scratch, ids}, model_);
      }
    }
  }

  WordModel model_;
  std::vector<std::string> pieces_;                    // by id, as in the file; empty: no token
  std::vector<bool> special_;                          // by id
  std::unordered_map<std::string_view, TokenId> ids_;  // keys point into pieces_
  std::unordered_map<TokenId, std::string> found_as_;  // of normalised added tokens
  Normalizer normalizer_;
  PieceDecoder decoder_;
  AddedTokenFinder raw_tokens_;
  AddedTokenFinder normalized_tokens_;
  PreTokenizer pre_tokenizer_;
  std::string fingerprint_;
};

}  // namespace

const std::unordered_map<std::string, TokenId>& TokenizerParts::vocabulary() const {
  return std::visit(
      [](const auto& model) -> const auto& { return model.vocabulary; }, rules);
}

std::unique_ptr<Tokenizer> compose_tokenizer(TokenizerParts parts) {
  check_added(parts);
  return std::make_unique<ComposedTokenizer>(std::move(parts));
}

}  // namespace austeer
