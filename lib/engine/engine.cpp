#include "engine/engine.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <iterator>
#include <optional>

#include "base/error.hpp"
#include "engine/kv_cache.hpp"
#include "engine/packed_pass.hpp"

namespace austeer {
namespace {

std::vector<Slice> whole_texts(std::span<const Tokens> texts, std::int64_t first_text) {
  std::vector<Slice> slices;
  for (const Tokens& text : texts) {
    slices.push_back({first_text + static_cast<std::int64_t>(slices.size()), 0, text});
  }
  return slices;
}

/// The arg max of each row. Throws ComputeError for NaN or infinite logits.
std::vector<TokenId> best_tokens(const at::Tensor& logits) {
  const auto [largest, index] = logits.max(-1);
  if (!at::isfinite(largest).all().item<bool>()) {
    throw ComputeError("engine", "the logits are NaN or infinite",
                       "Lower --alpha, or use --dtype float32");
  }
  const at::Tensor best = index.to(at::kInt).cpu().contiguous();
  return {best.const_data_ptr<TokenId>(), best.const_data_ptr<TokenId>() + best.numel()};
}

}  // namespace

Engine::Engine(const Decoder& model, const EngineOptions& options)
    : model_(model), options_(options) {
  if (options_.batch_tokens < 1) throw UsageError("engine", "--batch-tokens must be at least 1");
}

void Engine::read(std::span<const Tokens> texts, Tap& tap, const OnTexts& on_texts) const {
  const c10::InferenceMode guard;
  check(texts, 0);
  for (const auto& [begin, end] : batches(texts, 0)) {
    const auto slices =
        whole_texts(texts.subspan(begin, end - begin), static_cast<std::int64_t>(begin));
    PackedPass pass(slices, Needed::last, nullptr, &tap, model_.device());
    model_.forward(pass);
    if (on_texts) on_texts(static_cast<std::int64_t>(end - begin));
  }
}

std::vector<Tokens> Engine::generate(std::span<const Tokens> prompts,
                                     const GenerateOptions& options, Tap* tap,
                                     const OnTexts& on_texts) const {
  const c10::InferenceMode guard;
  check(prompts, options.max_new_tokens);
  std::vector<Tokens> results;
  for (const auto& [begin, end] : batches(prompts, options.max_new_tokens)) {
    auto generated = generate_batch(prompts.subspan(begin, end - begin),
                                    static_cast<std::int64_t>(begin), options, tap);
    std::ranges::move(generated, std::back_inserter(results));
    if (on_texts) on_texts(static_cast<std::int64_t>(end - begin));
  }
  return results;
}

at::Tensor Engine::logits(const Tokens& text, Tap* tap) const {
  const c10::InferenceMode guard;
  check({&text, 1}, 0);
  const auto slices = whole_texts({&text, 1}, 0);
  PackedPass pass(slices, Needed::all, nullptr, tap, model_.device());
  return model_.logits(model_.forward(pass));
}

std::vector<Tokens> Engine::generate_batch(std::span<const Tokens> texts, std::int64_t first_text,
                                           const GenerateOptions& options, Tap* tap) const {
  std::vector<std::int64_t> capacity;
  for (const Tokens& text : texts) {
    capacity.push_back(static_cast<std::int64_t>(text.size()) + options.max_new_tokens);
  }
  KvCache cache(model_.config().layers, first_text, std::move(capacity));
  const bool continues = options.max_new_tokens > 1;

  std::vector<Tokens> results(texts.size());
  std::vector<Slice> slices = whole_texts(texts, first_text);
  for (std::int64_t step = 0; step < options.max_new_tokens && !slices.empty(); ++step) {
    PackedPass pass(slices, Needed::last, continues ? &cache : nullptr, tap, model_.device());
    const std::vector<TokenId> next = best_tokens(model_.logits(model_.forward(pass)));

    std::vector<Slice> unfinished;
    for (std::size_t i = 0; i < slices.size(); ++i) {
      const Slice& slice = slices[i];
      Tokens& result = results[static_cast<std::size_t>(slice.text - first_text)];
      const auto seen = slice.first + static_cast<std::int64_t>(slice.tokens.size());
      if (std::ranges::find(options.stop_tokens, next[i]) != options.stop_tokens.end()) {
        cache.release(slice.text);
        continue;
      }
      result.push_back(next[i]);
      unfinished.push_back({slice.text, seen, std::span(result).last(1)});
    }
    slices = std::move(unfinished);
  }
  return results;
}

std::vector<std::pair<std::size_t, std::size_t>> Engine::batches(std::span<const Tokens> texts,
                                                                 std::int64_t extra) const {
  std::vector<std::pair<std::size_t, std::size_t>> result;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::int64_t more = static_cast<std::int64_t>(texts[i].size()) + extra;
    if (result.empty() || tokens + more > options_.batch_tokens) {
      result.emplace_back(i, i);
      tokens = 0;
    }
    result.back().second = i + 1;
    tokens += more;
  }
  return result;
}

void Engine::check(std::span<const Tokens> texts, std::int64_t extra) const {
  const DecoderConfig& config = model_.config();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto length = static_cast<std::int64_t>(texts[i].size());
    if (length == 0) {
      throw UsageError("engine", fmt::format("text {} has no tokens", i),
                       "Give it at least one character, or a model with a BOS token");
    }
    if (extra > config.max_positions - length) {
      throw UsageError(ErrorParts{fmt::format("[engine] text {} is too long for the model", i),
                                  fmt::format("at most {} tokens", config.max_positions),
                                  fmt::format("{} and {} new ones", length, extra),
                                  "Shorten the text or lower --max-new-tokens"});
    }
    for (const TokenId id : texts[i]) {
      if (id < 0 || id >= config.vocabulary) {
        throw UsageError(
            ErrorParts{fmt::format("[engine] text {} has a token that the model does not know", i),
                       fmt::format("0 to {}", config.vocabulary - 1), std::to_string(id),
                       "Is it the tokenizer of this model?"});
      }
    }
  }
}

}  // namespace austeer
