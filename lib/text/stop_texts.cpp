// Looking for stop texts in decoded tokens.
#include "text/stop_texts.hpp"

#include <algorithm>

namespace austeer {

StopTexts::StopTexts(std::vector<std::string> texts, const Tokenizer& tokenizer)
    : texts_(std::move(texts)), tokenizer_(tokenizer) {
  std::erase(texts_, "");
  for (const std::string& text : texts_) tail_ = std::max(tail_, text.size());
  // A tail may begin in the middle of a character, whose bytes are replaced when it is decoded.
  constexpr std::size_t longest_character = 4;
  tail_ += longest_character;
}

bool StopTexts::reached(std::span<const TokenId> tokens) const {
  if (texts_.empty()) return false;
  const auto tail = tokens.last(std::min(tail_, tokens.size()));
  if (find(tokenizer_.decode(tail)) == std::string::npos) return false;
  return tail.size() == tokens.size() || find(tokenizer_.decode(tokens)) != std::string::npos;
}

StopTexts::Ending StopTexts::ending(std::vector<TokenId> tokens) const {
  std::string text = tokenizer_.decode(tokens);
  const std::size_t end = find(text);
  if (end == std::string::npos) return {std::move(text), std::move(tokens)};
  text.resize(end);
  // The fewest tokens that have this text, by bisection: more of them have it too.
  std::size_t low = 0;
  std::size_t high = tokens.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (tokenizer_.decode(std::span(tokens).first(middle)).starts_with(text)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  tokens.resize(low);
  return {std::move(text), std::move(tokens)};
}

std::size_t StopTexts::find(std::string_view text) const {
  std::size_t first = std::string_view::npos;
  for (const std::string& stop : texts_) first = std::min(first, text.find(stop));
  return first;
}

}  // namespace austeer
