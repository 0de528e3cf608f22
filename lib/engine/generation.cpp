#include "engine/generation.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/error.hpp"
#include "engine/packed_pass.hpp"

namespace austeer {

namespace {

constexpr std::int64_t rows_of_logits = 64;

/// Calls `visit` with the first row and the logits of each few rows of `hidden`.
template <typename Visit>
void for_each_logits(const Decoder& model, const at::Tensor& hidden, const Visit& visit) {
  for (std::int64_t row = 0; row < hidden.size(0); row += rows_of_logits) {
    const std::int64_t rows = std::min(rows_of_logits, hidden.size(0) - row);
    visit(row, model.logits(hidden.narrow(0, row, rows)));
  }
}

void check_finite(const at::Tensor& values) {
  if (at::isfinite(values).all().item<bool>()) return;
  throw ComputeError("engine", "the logits are NaN or infinite",
                     "Lower --alpha, or use --dtype float32");
}

}  // namespace

std::vector<TokenId> best_tokens(const Decoder& model, const at::Tensor& hidden) {
  std::vector<TokenId> tokens;
  for_each_logits(model, hidden, [&](std::int64_t, const at::Tensor& logits) {
    const auto [largest, index] = logits.max(-1);
    check_finite(largest);
    const at::Tensor best = index.to(at::kInt).cpu().contiguous();
    const auto* const first = best.const_data_ptr<TokenId>();
    tokens.insert(tokens.end(), first, first + best.numel());
  });
  return tokens;
}

at::Tensor log_probabilities_of(const Decoder& model, const at::Tensor& hidden,
                                const at::Tensor& tokens) {
  const at::Tensor wanted = tokens.to(hidden.device()).unsqueeze(-1);
  std::vector<at::Tensor> parts;
  for_each_logits(model, hidden, [&](std::int64_t row, const at::Tensor& logits) {
    parts.push_back(
        logits.gather(-1, wanted.narrow(0, row, logits.size(0))).squeeze(-1).to(at::kDouble) -
        logits.logsumexp(-1).to(at::kDouble));
  });
  const at::Tensor values = at::cat(parts).cpu();
  check_finite(values);
  return values;
}

namespace {

constexpr std::int64_t held_passes = 4;

}  // namespace

std::int64_t most_held_tokens(const EngineOptions& engine) {
  return held_passes * engine.batch_tokens;
}

Generation::Joined Generation::joining(std::span<const TextSlice> waiting,
                                       std::int64_t held) const {
  const bool alone = held == 0;
  Joined joined;
  if (!alone && engine_.passes == PassKind::plain) return joined;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const bool first = i == 0;
    const std::int64_t rows =
        computed_tokens(first ? nullptr : &waiting[i - 1], waiting[i], engine_.passes);
    const std::int64_t new_tokens = (joined.texts + 1) * options_.max_new_tokens;
    const bool has_rows = first || joined.rows + rows <= engine_.batch_tokens;
    const bool has_keys =
        (alone && first) || held + joined.rows + rows + new_tokens <= most_held_tokens(engine_);
    if (!has_rows || !has_keys) break;
    ++joined.texts;
    joined.rows += rows;
  }
  return joined;
}

std::vector<Tokens> Generation::run(std::vector<TextSlice> prompts, Tap* tap,
                                    const OnTexts& on_texts) const {
  std::vector<Tokens> results(prompts.size());
  if (engine_.passes == PassKind::fast) put_alike_together(prompts);
  std::span<const TextSlice> waiting = prompts;
  std::deque<Live> live;
  std::int64_t held = 0;
  while (!waiting.empty() || !live.empty()) {
    const auto joined = std::make_shared<Joined>(joining(waiting, held));
    if (joined->texts > 0) {
      const auto texts = waiting.first(static_cast<std::size_t>(joined->texts));
      waiting = waiting.subspan(texts.size());
      joined->rows += std::ssize(live);  // the pass has the rows of the others too
      held += joined->rows + joined->texts * options_.max_new_tokens;
      run_clean_pass(model_, texts, engine_.passes, tap);
      for (const TextSlice& text : texts) live.push_back({text, {}, {}, joined});
    }
    const std::int64_t before = std::ssize(live);
    held -= step(live, tap, results);
    const std::int64_t ended = before - std::ssize(live);
    if (on_texts && ended > 0) on_texts(ended);
  }
  return results;
}

std::int64_t Generation::step(std::deque<Live>& live, Tap* tap,
                              std::vector<Tokens>& results) const {
  std::vector<TextSlice> slices;
  for (Live& text : live) {
    text.slice.path = &text.path;
    slices.push_back(text.slice);
  }
  PackedPass pass(slices, engine_.passes, tap, model_);
  const std::vector<TokenId> best = best_tokens(model_, model_.forward(pass));
  std::int64_t released = 0;
  std::deque<Live> unfinished;
  for (std::size_t i = 0; i < live.size(); ++i) {
    Live& text = live[i];
    const bool stops = options_.stops_at(best[i]);
    if (!stops) text.tokens.push_back(best[i]);
    const bool ended = !stops && options_.ends_after && options_.ends_after(text.tokens);
    if (stops || ended || std::ssize(text.tokens) == options_.max_new_tokens) {
      released += options_.max_new_tokens;
      if (--text.joined->texts == 0) released += text.joined->rows;
      results[static_cast<std::size_t>(text.slice.text)] = std::move(text.tokens);
      continue;
    }
    text.slice.first = text.path.tokens();
    unfinished.push_back(std::move(text));
    unfinished.back().slice.tokens = std::span(unfinished.back().tokens).last(1);
  }
  live = std::move(unfinished);
  return released;
}

}  // namespace austeer
