// Each rule turns a piece into matches and gaps, then joins or drops them by its behaviour.
#include "text/pre_tokenizer.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "text/bert_text.hpp"
#include "text/byte_level.hpp"

namespace austeer {
namespace {

struct Stretch {
  ByteRange range;
  bool is_match = false;
};

std::vector<ByteRange> matches_of(const Regex& pattern, std::string_view text) {
  return pattern.find_all(text);
}

std::vector<ByteRange> matches_of(const PunctuationMarks&, std::string_view text) {
  std::vector<ByteRange> marks;
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    const std::size_t end = position + point.length;
    if (is_bert_punctuation(point.value)) marks.push_back({position, end});
    position = end;
  }
  return marks;
}

std::vector<Stretch> matches_and_gaps(const SplitRule& rule, std::string_view text) {
  std::vector<Stretch> stretches;
  std::size_t done = 0;
  const std::vector<ByteRange> matches =
      std::visit([&](const auto& pattern) { return matches_of(pattern, text); }, rule.pattern);
  for (const ByteRange& match : matches) {
    if (match.begin > done) stretches.push_back({{done, match.begin}, rule.invert});
    stretches.push_back({match, !rule.invert});
    done = match.end;
  }
  if (done < text.size()) stretches.push_back({{done, text.size()}, rule.invert});
  return stretches;
}

std::vector<ByteRange> joined_with_previous(const std::vector<Stretch>& stretches) {
  std::vector<ByteRange> pieces;
  bool after_match = false;
  for (const Stretch& stretch : stretches) {
    if (stretch.is_match && !after_match && !pieces.empty()) {
      pieces.back().end = stretch.range.end;
    } else {
      pieces.push_back(stretch.range);
    }
    after_match = stretch.is_match;
  }
  return pieces;
}

std::vector<ByteRange> joined_with_next(const std::vector<Stretch>& stretches) {
  std::vector<ByteRange> pieces;
  bool before_match = false;
  for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
    if (stretch->is_match && !before_match && !pieces.empty()) {
      pieces.back().begin = stretch->range.begin;
    } else {
      pieces.push_back(stretch->range);
    }
    before_match = stretch->is_match;
  }
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

std::vector<ByteRange> joined_with_alike(const std::vector<Stretch>& stretches) {
  std::vector<ByteRange> pieces;
  bool previous = false;
  for (const Stretch& stretch : stretches) {
    if (!pieces.empty() && stretch.is_match == previous) {
      pieces.back().end = stretch.range.end;
    } else {
      pieces.push_back(stretch.range);
    }
    previous = stretch.is_match;
  }
  return pieces;
}

std::vector<ByteRange> all_of(const std::vector<Stretch>& stretches, bool matches_too) {
  std::vector<ByteRange> pieces;
  for (const Stretch& stretch : stretches) {
    if (matches_too || !stretch.is_match) pieces.push_back(stretch.range);
  }
  return pieces;
}

std::vector<ByteRange> pieces_of(const SplitRule& rule, std::string_view text) {
  const std::vector<Stretch> stretches = matches_and_gaps(rule, text);
  switch (rule.behaviour) {
    case SplitBehaviour::merged_with_previous:
      return joined_with_previous(stretches);
    case SplitBehaviour::merged_with_next:
      return joined_with_next(stretches);
    case SplitBehaviour::contiguous:
      return joined_with_alike(stretches);
    default:
      return all_of(stretches, rule.behaviour == SplitBehaviour::isolated);
  }
}

bool needs_prefix(const SplitRule& rule, std::string_view piece, bool is_first) {
  const bool here = rule.prefix_place == PrefixPlace::each ||
                    (rule.prefix_place == PrefixPlace::first && is_first);
  return here && !piece.starts_with(rule.prefix);
}

/// The piece as the rule cuts it; what had to be changed lies in `storage`.
std::string_view prepared(const SplitRule& rule, std::string_view piece, bool is_first,
                          std::deque<std::string>& storage) {
  if (!rule.space_mark.empty() && piece.find(' ') != std::string_view::npos) {
    std::string& marked = storage.emplace_back();
    for (const char c : piece) c == ' ' ? marked += rule.space_mark : marked += c;
    piece = marked;
  }
  if (needs_prefix(rule, piece, is_first)) {
    piece = storage.emplace_back(rule.prefix + std::string(piece));
  }
  return piece;
}

void append_pieces(const SplitRule& rule, std::string_view piece, bool is_first,
                   std::deque<std::string>& storage, std::vector<std::string_view>& pieces) {
  piece = prepared(rule, piece, is_first, storage);
  for (const ByteRange& range : pieces_of(rule, piece)) {
    if (range.end > range.begin) {
      pieces.push_back(piece.substr(range.begin, range.end - range.begin));
    }
  }
}

/// What each rule makes of a piece; `is_first` says that nothing stands before it.
struct PieceCutter {
  std::string_view piece;
  bool is_first;
  std::deque<std::string>& storage;
  std::vector<std::string_view>& pieces;

  void operator()(const SplitRule& rule) const {
    append_pieces(rule, piece, is_first, storage, pieces);
  }
  void operator()(const BertWords&) const { append_bert_words(piece, pieces); }
  void operator()(const ByteLetters&) const {
    std::string& letters = storage.emplace_back();
    for (const char byte : piece) {
      append_utf8(letters, byte_level_alphabet()[static_cast<unsigned char>(byte)]);
    }
    pieces.push_back(letters);
  }
  void operator()(const BytesOfLetters&) const {
    pieces.push_back(storage.emplace_back(bytes_of_piece(piece).value_or(std::string(piece))));
  }
};

}  // namespace

std::string_view whole_text_pattern() { return R"(\p{Any}+)"; }

std::string_view gpt2_pattern() {
  return R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
}

std::vector<std::string_view> PreTokenizer::split(std::string_view text, bool at_start,
                                                  std::deque<std::string>& storage) const {
  std::vector<std::string_view> words{text};
  for (const WordRule& rule : rules_) {
    std::vector<std::string_view> next;
    for (const std::string_view word : words) {
      std::visit(PieceCutter{word, at_start && next.empty(), storage, next}, rule);
    }
    words = std::move(next);
  }
  return words;
}

}  // namespace austeer
