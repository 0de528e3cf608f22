#pragma once
// The engine: runs a model over many texts. Texts come as token ids in any number and length; the
// engine packs them into passes of a token budget, those that begin alike together, so callers
// never see batches. A model is shared and const; the engine itself holds no state between calls.

#include <ATen/ATen.h>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/settings.hpp"
#include "engine/packed_pass.hpp"
#include "models/decoder.hpp"
#include "text/tokenizer.hpp"

namespace austeer {

// What the engine is asked for.

using Tokens = std::vector<TokenId>;

/// Called after each pass that completes texts, with how many it completed.
using OnTexts = std::function<void(std::int64_t completed)>;

struct EngineOptions {
  /// Most tokens that one pass computes of new texts; a text that needs more makes a pass of its
  /// own. More amortises reading the weights, fewer keeps activations in the processor's cache.
  std::int64_t batch_tokens = 2048;
  /// Plain passes compute every token of every text for every tap, and prompts by themselves: fast
  /// ones are compared with them.
  PassKind passes = PassKind::fast;
};

void describe(auto& visit, SettingsOf<EngineOptions> auto& engine) {
  visit(engine.batch_tokens,
        {.key = "batch_tokens", .help = "most tokens of one pass", .least = 1, .most = 1 << 24});
  visit(engine.passes,
        {.key = "passes",
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

/// Whatever runs a pass throws OutOfMemoryError where memory runs out.
class Engine {
 public:
  /// `model` must outlive the engine. Throws UsageError for a budget below 1.
  explicit Engine(const Decoder& model, const EngineOptions& options = {});

  /// Runs `texts` for what `tap` reads. In the last layer nothing is computed, and nothing seen,
  /// but the rows of each text's answer: from its `first`-th token on, where what stands before is
  /// its prompt. Without `first` the whole text is prompt and its last row is computed. Throws
  /// UsageError for an entry that leaves no token.
  void read(std::span<const Tokens> texts, Tap& tap, std::span<const std::size_t> first = {},
            const OnTexts& on_texts = {}) const;

  /// Greedy continuations of `prompts`: the arg max of the logits, the lower id where two are
  /// equal. `tap` (may be null) sees every token of the prompt and of each decode step.
  std::vector<Tokens> generate(std::span<const Tokens> prompts, const GenerateOptions& options,
                               Tap* tap = nullptr, const OnTexts& on_texts = {}) const;

  /// The same for each of `taps` as if it were alone, first index the tap. Where one token is asked
  /// for, taps share the layers in which they act alike.
  std::vector<std::vector<Tokens>> generate(std::span<const Tokens> prompts,
                                            const GenerateOptions& options,
                                            std::span<Tap* const> taps,
                                            const OnTexts& on_texts = {}) const;

  /// How probable each text's tokens are from its `first`-th on, which is at least the second one:
  /// the natural logarithm of the probability of each, given those before it. `first` has one entry
  /// per text; there are texts[i].size() - first[i] values for text i. To `tap`, what stands before
  /// is the prompt. Throws UsageError for an entry that leaves nothing before it or no token from
  /// it on.
  std::vector<std::vector<double>> log_probabilities(std::span<const Tokens> texts,
                                                     std::span<const std::size_t> first,
                                                     Tap* tap = nullptr,
                                                     const OnTexts& on_texts = {}) const;

  /// The same for each of `taps` as if it were alone, first index the tap; they share the layers in
  /// which they act alike.
  std::vector<std::vector<std::vector<double>>> log_probabilities(
      std::span<const Tokens> texts, std::span<const std::size_t> first, std::span<Tap* const> taps,
      const OnTexts& on_texts = {}) const;

  /// Next-token logits after every token of one text: float32 [T, V]. To `tap`, the prompt is the
  /// first `prompt_tokens` tokens, or all of them where that is 0. Throws UsageError where the text
  /// has fewer.
  at::Tensor logits(const Tokens& text, Tap* tap = nullptr, std::size_t prompt_tokens = 0) const;

  const Decoder& model() const { return model_; }

 private:
  void check(std::span<const Tokens> texts, std::int64_t extra) const;
  /// Runs `slices` pass by pass, each once for every tap.
  using OnHidden = std::function<void(std::size_t tap, std::span<const TextSlice> slices,
                                      const at::Tensor& hidden)>;
  void run(std::vector<TextSlice> slices, std::span<Tap* const> taps, const OnTexts& on_texts,
           const OnHidden& on_hidden) const;

  const Decoder& model_;
  EngineOptions options_;
};

}  // namespace austeer
