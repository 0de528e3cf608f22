#include "engine/generation.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/error.hpp"
#include "engine/batches.hpp"
#include "engine/clean_pass.hpp"

namespace austeer {
namespace {

// Keys and values are held for at most so many times the tokens of a pass: enough texts at a time
// for the products of a decode step to be worth reading the weights.
constexpr std::int64_t held_passes = 4;

// Rows whose logits are held at a time.
constexpr std::int64_t rows_of_logits = 64;

/// A text that goes on.
struct Live {
  TextSlice slice;
  KvPath path;
  Tokens tokens;  ///< the new ones
};

/// The most keys that `prompts` will hold.
std::int64_t most_tokens(std::span<const TextSlice> prompts, std::int64_t max_new_tokens) {
  std::int64_t tokens = 0;
  for (const TextSlice& prompt : prompts) {
    tokens += static_cast<std::int64_t>(prompt.tokens.size()) + max_new_tokens;
  }
  return tokens;
}

}  // namespace

void refuse_logits() {
  throw ComputeError("engine", "the logits are NaN or infinite",
                     "Lower --alpha, or use --dtype float32");
}

std::vector<TokenId> best_tokens(const Decoder& model, const at::Tensor& hidden) {
  std::vector<TokenId> tokens;
  for (std::int64_t row = 0; row < hidden.size(0); row += rows_of_logits) {
    const std::int64_t rows = std::min(rows_of_logits, hidden.size(0) - row);
    const auto [largest, index] = model.logits(hidden.narrow(0, row, rows)).max(-1);
    if (!at::isfinite(largest).all().item<bool>()) refuse_logits();
    const at::Tensor best = index.to(at::kInt).cpu().contiguous();
    const auto* const first = best.const_data_ptr<TokenId>();
    tokens.insert(tokens.end(), first, first + best.numel());
  }
  return tokens;
}

std::vector<Tokens> Generation::run(std::vector<TextSlice> prompts, Tap* tap,
                                    const OnTexts& on_texts) const {
  std::vector<Tokens> results(prompts.size());
  const std::int64_t most_held = held_passes * engine_.batch_tokens;
  const bool joins = engine_.way == PassWay::fast;
  auto waiting = cut_into_passes(std::move(prompts), engine_.way, engine_.batch_tokens);
  std::deque<Live> live;  // texts keep their places: slices point at their paths
  std::int64_t held = 0;
  for (std::size_t next = 0; next < waiting.size() || !live.empty();) {
    std::vector<TextSlice> slices;
    if (next < waiting.size()) {
      const std::int64_t more = most_tokens(waiting[next], options_.max_new_tokens);
      if (live.empty() || (joins && held + more <= most_held)) {
        run_clean_pass(model_, waiting[next], engine_.way, tap);
        for (const TextSlice& prompt : waiting[next]) live.push_back({prompt, {}, {}});
        held += more;
        ++next;
      }
    }
    for (Live& text : live) {
      text.slice.path = &text.path;
      slices.push_back(text.slice);
    }
    PackedPass pass(slices, engine_.way, tap, model_);
    const std::vector<TokenId> best = best_tokens(model_, model_.forward(pass));
    std::int64_t ended = 0;
    std::deque<Live> unfinished;
    for (std::size_t i = 0; i < live.size(); ++i) {
      Live& text = live[i];
      const bool stops = options_.stops_at(best[i]);
      if (!stops) text.tokens.push_back(best[i]);
      if (stops || std::ssize(text.tokens) == options_.max_new_tokens) {
        held -= text.slice.prompt + options_.max_new_tokens;
        results[static_cast<std::size_t>(text.slice.text)] = std::move(text.tokens);
        ++ended;
        continue;
      }
      text.slice.first = text.path.tokens();
      unfinished.push_back(std::move(text));
      unfinished.back().slice.tokens = std::span(unfinished.back().tokens).last(1);
    }
    live = std::move(unfinished);
    if (on_texts && ended > 0) on_texts(ended);
  }
  return results;
}

}  // namespace austeer
