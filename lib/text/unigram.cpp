// Viterbi from left to right over the bytes of a word, then back along the best steps.
#include "text/unigram.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "text/byte_pieces.hpp"

namespace austeer {
namespace {

constexpr double unknown_penalty = 10.0;  // below the least likely piece
constexpr std::size_t max_unigram_piece_bytes = 4096;
constexpr std::size_t max_unigram_bytes = std::size_t{1} << 26;

[[noreturn]] void refuse_unigram(const std::string& place, std::string_view what) {
  throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", ""});
}

}  // namespace

UnigramModel::UnigramModel(const UnigramRules& rules, const std::string& place)
    : scores_(rules.scores), unknown_(rules.unknown.value_or(-1)), place_(place) {
  const auto count = static_cast<TokenId>(rules.scores.size());
  if (rules.unknown && (unknown_ < 0 || unknown_ >= count)) {
    refuse_unigram(place,
                   fmt::format("model.unk_id is {}, but there are {} pieces", unknown_, count));
  }
  std::size_t bytes = 0;
  for (const auto& [piece, id] : rules.vocabulary) {
    bytes += piece.size();
    if (piece.size() > max_unigram_piece_bytes || bytes > max_unigram_bytes) {
      refuse_unigram(place, "the pieces of model.vocab are too long");
    }
    pieces_.add(piece, id);
  }
  if (!scores_.empty()) unknown_score_ = *std::ranges::min_element(scores_) - unknown_penalty;
  if (!rules.byte_fallback) return;
  bytes_.emplace();
  for (std::size_t byte = 0; byte < bytes_->size(); ++byte) {
    const auto found = rules.vocabulary.find(byte_piece(static_cast<unsigned char>(byte)));
    (*bytes_)[byte] = found == rules.vocabulary.end() ? -1 : found->second;
  }
}

std::vector<UnigramModel::Step> UnigramModel::best_steps(std::string_view word) const {
  std::vector<Step> steps(word.size() + 1);
  const auto offer = [&](std::size_t start, std::size_t length, TokenId id, double score) {
    Step& step = steps[start + length];
    score += steps[start].score;
    if (step.id < 0 || score > step.score) step = {score, start, id};
  };
  std::size_t length = 0;
  for (std::size_t start = 0; start < word.size(); start += length) {
    length = code_point_at(word, start).length;
    bool has_piece = false;  // that is this one character
    pieces_.visit_prefixes(word.substr(start), [&](std::size_t bytes, TokenId id) {
      offer(start, bytes, id, scores_[static_cast<std::size_t>(id)]);
      has_piece = has_piece || bytes == length;
    });
    if (has_piece) continue;
    if (unknown_ < 0) {
      refuse_unigram(place_, fmt::format("'{}' has no piece, and the model no unknown token",
                                         word.substr(start, length)));
    }
    offer(start, length, unknown_, unknown_score_);
  }
  return steps;
}

/// Unknown characters side by side are one: a piece after all, or its bytes, or the unknown token.
void UnigramModel::append_unknown(std::string_view text, std::vector<TokenId>& ids) const {
  TokenId whole = -1;
  pieces_.visit_prefixes(text, [&](std::size_t bytes, TokenId id) {
    if (bytes == text.size()) whole = id;
  });
  const auto byte_id = [&](char byte) { return (*bytes_)[static_cast<unsigned char>(byte)]; };
  if (whole < 0 && bytes_ &&
      std::ranges::all_of(text, [&](char byte) { return byte_id(byte) >= 0; })) {
    for (const char byte : text) ids.push_back(byte_id(byte));
    return;
  }
  ids.push_back(whole < 0 ? unknown_ : whole);
}

void UnigramModel::encode_word(std::string_view word, std::vector<TokenId>& ids) const {
  const std::vector<Step> steps = best_steps(word);
  std::vector<std::size_t> ends;  // of the steps taken, the last first
  for (std::size_t end = word.size(); end > 0; end = steps[end].start) ends.push_back(end);
  std::size_t unknown_start = 0;
  for (std::size_t i = ends.size(); i-- > 0;) {
    const Step& step = steps[ends[i]];
    if (step.id != unknown_) {
      ids.push_back(step.id);
      unknown_start = ends[i];
    } else if (i == 0 || steps[ends[i - 1]].id != unknown_) {
      append_unknown(word.substr(unknown_start, ends[i] - unknown_start), ids);
      unknown_start = ends[i];
    }
  }
}

}  // namespace austeer
