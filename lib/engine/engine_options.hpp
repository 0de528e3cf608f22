#pragma once
// What the engine is asked for.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/settings.hpp"
#include "engine/packed_pass.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

using Tokens = std::vector<TokenId>;

/// Called after each pass that completes texts, with how many it completed.
using OnTexts = std::function<void(std::int64_t completed)>;

struct EngineOptions {
  /// Most tokens that one pass computes of new texts; a text that needs more makes a pass of its
  /// own. More amortises reading the weights, fewer keeps activations in the processor's cache.
  std::int64_t batch_tokens = 2048;
  /// The plain way computes every token of every text for every tap, and prompts by themselves: the
  /// fast way is compared with it.
  PassWay way = PassWay::fast;
};

void describe(auto& visit, SettingsOf<EngineOptions> auto& engine) {
  visit(engine.batch_tokens,
        {.key = "batch_tokens", .help = "most tokens of one pass", .least = 1, .most = 1 << 24});
  visit(engine.way,
        {.key = "engine",
         .help = "fast, or plain: every token of every text by itself, to compare with"});
}

struct GenerateOptions {
  std::int64_t max_new_tokens = 1;
  std::vector<TokenId> stop_tokens;  ///< generation ends before one of these
  /// Asked after each new token of a text, with all its new ones: whether it ends there. Empty: no.
  std::function<bool(std::span<const TokenId> tokens)> ends_after = {};

  bool stops_at(TokenId token) const {
    return std::ranges::find(stop_tokens, token) != stop_tokens.end();
  }
};

}  // namespace austeer
