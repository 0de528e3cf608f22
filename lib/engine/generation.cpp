#include "engine/generation.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "engine/batches.hpp"
#include "engine/clean_pass.hpp"

namespace austeer {
namespace {

constexpr std::int64_t held_passes = 4;

// Rows whose logits are held at a time.
constexpr std::int64_t rows_of_logits = 64;

std::int64_t length(const TextSlice& slice) {
  return static_cast<std::int64_t>(slice.tokens.size());
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

std::int64_t most_held_tokens(const EngineOptions& engine) {
  return held_passes * engine.batch_tokens;
}

std::size_t Generation::joining(std::span<const TextSlice> waiting, std::int64_t held) const {
  const bool alone = held == 0;
  if (!alone && engine_.way == PassWay::plain) return 0;
  std::int64_t begun = 0;
  std::size_t count = 0;
  for (; count < waiting.size(); ++count) {
    const bool shares = count > 0 && engine_.way == PassWay::fast;
    const std::int64_t more =
        length(waiting[count]) - (shares ? shared_tokens(waiting[count - 1], waiting[count]) : 0);
    const std::int64_t holds = more + options_.max_new_tokens;
    const bool has_rows = count == 0 || begun + more <= engine_.batch_tokens;
    const bool has_keys = (alone && count == 0) || held + holds <= most_held_tokens(engine_);
    if (!has_rows || !has_keys) break;
    begun += more;
    held += holds;
  }
  return count;
}

std::vector<Tokens> Generation::run(std::vector<TextSlice> prompts, Tap* tap,
                                    const OnTexts& on_texts) const {
  std::vector<Tokens> results(prompts.size());
  if (engine_.way == PassWay::fast) put_alike_together(prompts);
  std::span<const TextSlice> waiting = prompts;
  std::deque<Live> live;
  std::int64_t held = 0;
  while (!waiting.empty() || !live.empty()) {
    const auto texts = waiting.first(joining(waiting, held));
    waiting = waiting.subspan(texts.size());
    run_clean_pass(model_, texts, engine_.way, tap);
    const auto joined = std::make_shared<Joined>();
    for (const TextSlice& text : texts) live.push_back({text, {}, {}, joined});
    const std::size_t before = live.size();
    step(live, tap, results, held);
    const auto ended = static_cast<std::int64_t>(before - live.size());
    if (on_texts && ended > 0) on_texts(ended);
  }
  return results;
}

void Generation::step(std::deque<Live>& live, Tap* tap, std::vector<Tokens>& results,
                      std::int64_t& held) const {
  std::vector<TextSlice> slices;
  for (Live& text : live) {
    text.slice.path = &text.path;
    slices.push_back(text.slice);
  }
  PackedPass pass(slices, engine_.way, tap, model_);
  for (const Live& text : live) {
    if (text.slice.first > 0) continue;
    text.joined->tokens = pass.tokens.size(0);  // their block has the rows of the others too
    held += options_.max_new_tokens + (text.joined->texts++ == 0 ? text.joined->tokens : 0);
  }
  const std::vector<TokenId> best = best_tokens(model_, model_.forward(pass));
  std::deque<Live> unfinished;
  for (std::size_t i = 0; i < live.size(); ++i) {
    Live& text = live[i];
    const bool stops = options_.stops_at(best[i]);
    if (!stops) text.tokens.push_back(best[i]);
    if (stops || std::ssize(text.tokens) == options_.max_new_tokens) {
      held -= options_.max_new_tokens + (--text.joined->texts == 0 ? text.joined->tokens : 0);
      results[static_cast<std::size_t>(text.slice.text)] = std::move(text.tokens);
      continue;
    }
    text.slice.first = text.path.tokens();
    unfinished.push_back(std::move(text));
    unfinished.back().slice.tokens = std::span(unfinished.back().tokens).last(1);
  }
  live = std::move(unfinished);
}

}  // namespace austeer
