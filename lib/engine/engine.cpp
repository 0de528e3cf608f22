#include "engine/engine.hpp"

#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <iterator>
#include <optional>

#include "base/error.hpp"
#include "engine/clean_pass.hpp"
#include "engine/kv_cache.hpp"
#include "engine/packed_pass.hpp"

namespace austeer {
namespace {

// Rows whose logits are held at a time: 256 of a vocabulary of 150,000 take 150 MB.
constexpr std::int64_t logit_rows = 256;

std::int64_t length(const Tokens& text) { return static_cast<std::int64_t>(text.size()); }

/// Whole texts that are prompts, of which the last row is needed.
std::vector<Slice> whole_prompts(std::span<const Tokens> texts, std::int64_t first_text) {
  std::vector<Slice> slices;
  for (const Tokens& text : texts) {
    slices.push_back(
        {first_text + static_cast<std::int64_t>(slices.size()), 0, text, length(text)});
  }
  return slices;
}

[[noreturn]] void refuse_logits() {
  throw ComputeError("engine", "the logits are NaN or infinite",
                     "Lower --alpha, or use --dtype float32");
}

void check_one_each(std::span<const Tokens> texts, std::span<const std::size_t> first) {
  if (first.size() == texts.size()) return;
  throw UsageError(ErrorParts{"[engine] each text needs its first answer token",
                              std::to_string(texts.size()), std::to_string(first.size()), ""});
}

void check_first(std::span<const Tokens> texts, std::span<const std::size_t> first) {
  check_one_each(texts, first);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (first[i] >= 1 && first[i] < texts[i].size()) continue;
    throw UsageError(
        ErrorParts{fmt::format("[engine] text {} has no token to judge after one that is given", i),
                   fmt::format("a first token from 1 to {}", texts[i].size() - 1),
                   std::to_string(first[i]), ""});
  }
}

/// As check_first(), but a text may be all answer.
void check_answers(std::span<const Tokens> texts, std::span<const std::size_t> first) {
  check_one_each(texts, first);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (first[i] < texts[i].size()) continue;
    throw UsageError(ErrorParts{fmt::format("[engine] text {} has no answer token", i),
                                fmt::format("a first token from 0 to {}", texts[i].size() - 1),
                                std::to_string(first[i]), ""});
  }
}

/// The arg max of each row. Throws ComputeError for NaN or infinite logits.
std::vector<TokenId> best_tokens(const at::Tensor& logits) {
  const auto [largest, index] = logits.max(-1);
  if (!at::isfinite(largest).all().item<bool>()) refuse_logits();
  const at::Tensor best = index.to(at::kInt).cpu().contiguous();
  return {best.const_data_ptr<TokenId>(), best.const_data_ptr<TokenId>() + best.numel()};
}

}  // namespace

Engine::Engine(const Decoder& model, const EngineOptions& options)
    : model_(model), options_(options) {
  if (options_.batch_tokens < 1) throw UsageError("engine", "--batch-tokens must be at least 1");
}

void Engine::read(std::span<const Tokens> texts, Tap& tap, std::span<const std::size_t> first,
                  const OnTexts& on_texts) const {
  const c10::InferenceMode guard;
  check(texts, 0);
  if (!first.empty()) check_answers(texts, first);
  for (const auto& [begin, end] : batches(texts, 0)) {
    auto slices =
        whole_prompts(texts.subspan(begin, end - begin), static_cast<std::int64_t>(begin));
    for (std::size_t i = begin; !first.empty() && i < end; ++i) {
      Slice& slice = slices[i - begin];
      slice.prompt = static_cast<std::int64_t>(first[i]);
      slice.needed = length(texts[i]) - slice.prompt;
    }
    run_clean_pass(model_, slices, &tap);
    PackedPass pass(slices, nullptr, &tap, model_.device());
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

std::vector<std::vector<double>> Engine::log_probabilities(std::span<const Tokens> texts,
                                                           std::span<const std::size_t> first,
                                                           Tap* tap,
                                                           const OnTexts& on_texts) const {
  const c10::InferenceMode guard;
  check(texts, 0);
  check_first(texts, first);
  std::vector<std::vector<double>> results;
  for (const auto& [begin, end] : batches(texts, 0)) {
    std::vector<Slice> slices;
    std::vector<std::int64_t> wanted;
    for (std::size_t i = begin; i < end; ++i) {
      // The last token is only asked about: nothing follows from it.
      slices.push_back({static_cast<std::int64_t>(i), 0,
                        std::span(texts[i]).first(texts[i].size() - 1),
                        static_cast<std::int64_t>(first[i]),
                        static_cast<std::int64_t>(texts[i].size() - first[i])});
      wanted.insert(wanted.end(), texts[i].begin() + static_cast<std::ptrdiff_t>(first[i]),
                    texts[i].end());
    }
    run_clean_pass(model_, slices, tap);
    PackedPass pass(slices, nullptr, tap, model_.device());
    const at::Tensor values = log_probabilities_of(model_.forward(pass), at::tensor(wanted));
    const double* value = values.const_data_ptr<double>();
    for (const Slice& slice : slices) {
      results.emplace_back(value, value + slice.needed);
      value += slice.needed;
    }
    if (on_texts) on_texts(static_cast<std::int64_t>(end - begin));
  }
  return results;
}

/// Of `tokens` [R], one for each row of `hidden` [R, D]: float64 [R] on the CPU.
at::Tensor Engine::log_probabilities_of(const at::Tensor& hidden, const at::Tensor& tokens) const {
  const at::Tensor wanted = tokens.to(hidden.device()).unsqueeze(-1);
  std::vector<at::Tensor> parts;
  for (std::int64_t row = 0; row < hidden.size(0); row += logit_rows) {
    const std::int64_t rows = std::min(logit_rows, hidden.size(0) - row);
    const at::Tensor logits = model_.logits(hidden.narrow(0, row, rows));
    parts.push_back(logits.gather(-1, wanted.narrow(0, row, rows)).squeeze(-1).to(at::kDouble) -
                    logits.logsumexp(-1).to(at::kDouble));
  }
  const at::Tensor values = at::cat(parts).cpu();
  if (!at::isfinite(values).all().item<bool>()) refuse_logits();
  return values;
}

at::Tensor Engine::logits(const Tokens& text, Tap* tap, std::size_t prompt_tokens) const {
  const c10::InferenceMode guard;
  check({&text, 1}, 0);
  if (prompt_tokens > text.size()) {
    throw UsageError(ErrorParts{"[engine] the text is shorter than its prompt",
                                fmt::format("at most {} prompt tokens", text.size()),
                                std::to_string(prompt_tokens), ""});
  }
  auto slices = whole_prompts({&text, 1}, 0);
  if (prompt_tokens > 0) slices[0].prompt = static_cast<std::int64_t>(prompt_tokens);
  slices[0].needed = length(text);
  run_clean_pass(model_, slices, tap);
  PackedPass pass(slices, nullptr, tap, model_.device());
  return model_.logits(model_.forward(pass));
}

std::vector<Tokens> Engine::generate_batch(std::span<const Tokens> texts, std::int64_t first_text,
                                           const GenerateOptions& options, Tap* tap) const {
  std::vector<std::int64_t> capacity;
  for (const Tokens& text : texts) {
    capacity.push_back(length(text) + options.max_new_tokens);
  }
  KvCache cache(model_.config().layers, first_text, std::move(capacity));
  const bool continues = options.max_new_tokens > 1;

  std::vector<Tokens> results(texts.size());
  std::vector<Slice> slices = whole_prompts(texts, first_text);
  run_clean_pass(model_, slices, tap);
  for (std::int64_t step = 0; step < options.max_new_tokens && !slices.empty(); ++step) {
    PackedPass pass(slices, continues ? &cache : nullptr, tap, model_.device());
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
      unfinished.push_back({slice.text, seen, std::span(result).last(1), slice.prompt});
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
    const std::int64_t more = length(texts[i]) + extra;
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
    const std::int64_t tokens = length(texts[i]);
    if (tokens == 0) {
      throw UsageError("engine", fmt::format("text {} has no tokens", i),
                       "Give it at least one character, or a model with a BOS token");
    }
    if (extra > config.max_positions - tokens) {
      throw UsageError(ErrorParts{fmt::format("[engine] text {} is too long for the model", i),
                                  fmt::format("at most {} tokens", config.max_positions),
                                  fmt::format("{} and {} new ones", tokens, extra),
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
