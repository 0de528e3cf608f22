#include "text/pieces.hpp"

#include <fmt/format.h>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace austeer {

void check_pieces(std::span<const std::string> pieces, const std::string& place) {
  const auto refuse = [&](const std::string& what) {
    throw FormatError({fmt::format("[tokenizer] {}: {}", place, what), "", "", ""});
  };
  std::unordered_map<std::string_view, std::size_t> seen;
  seen.reserve(pieces.size());
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    const std::string& piece = pieces[id];
    if (piece.empty()) refuse(fmt::format("the token {} is empty", id));
    if (piece.find('\0') != std::string::npos || valid_utf8_prefix(piece) < piece.size()) {
      refuse(fmt::format("the token {} is not UTF-8 text without NUL", id));
    }
    const auto [taken, is_new] = seen.emplace(piece, id);
    if (!is_new) {
      refuse(fmt::format("the tokens {} and {} are both '{}'", taken->second, id, piece));
    }
  }
}

}  // namespace austeer
