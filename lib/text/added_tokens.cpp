// The search is a narrowing of a range of sorted contents, byte by byte.
#include "text/added_tokens.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "text/unicode.hpp"

namespace austeer {
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

}  // namespace austeer
