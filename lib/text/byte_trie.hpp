#pragma once
// Pieces of a vocabulary by their bytes: which of them does a text start with?

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizer.hpp"

namespace austeer {

class ByteTrie {
 public:
  /// Adds `piece`, or gives it another id. The empty piece is left out.
  void add(std::string_view piece, TokenId id) {
    if (piece.empty()) return;
    std::uint32_t node = 0;
    for (const char byte : piece) {
      const auto [next, is_new] =
          edges_.try_emplace(edge(node, byte), static_cast<std::uint32_t>(ends_.size()));
      if (is_new) ends_.push_back(-1);
      node = next->second;
    }
    ends_[node] = id;
  }

  /// Calls `visit(length, id)` for each piece that `text` starts with, the shortest first. Time is
  /// that of the longest way into the tree.
  template <typename Visit>
  void visit_prefixes(std::string_view text, const Visit& visit) const {
    std::uint32_t node = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto next = edges_.find(edge(node, text[i]));
      if (next == edges_.end()) return;
      node = next->second;
      if (ends_[node] >= 0) visit(i + 1, ends_[node]);
    }
  }

 private:
  static std::uint64_t edge(std::uint32_t node, char byte) {
    return (std::uint64_t{node} << 8) | static_cast<unsigned char>(byte);
  }

  std::unordered_map<std::uint64_t, std::uint32_t> edges_;  // by node and byte
  std::vector<TokenId> ends_{-1};                           // by node: the piece that ends there
};

}  // namespace austeer
