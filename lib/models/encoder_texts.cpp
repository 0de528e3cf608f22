#include "models/encoder_texts.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/error.hpp"

namespace austeer {
namespace {

/// The special tokens before a text and after it: what is left of a tokenised letter around it.
std::pair<std::vector<TokenId>, std::vector<TokenId>> frame_of(const Tokenizer& tokenizer) {
  const std::vector<TokenId> bare = tokenizer.encode("a", false);
  const std::vector<TokenId> whole = tokenizer.encode("a", true);
  const auto found = std::search(whole.begin(), whole.end(), bare.begin(), bare.end());
  if (bare.empty() || found == whole.end()) {
    throw FormatError("model", "the tokenizer does not put its special tokens around a text");
  }
  const auto end = found + static_cast<std::ptrdiff_t>(bare.size());
  return {{whole.begin(), found}, {end, whole.end()}};
}

}  // namespace

at::Tensor EncoderBatch::rows() const {
  return at::tensor(at::ArrayRef<std::int64_t>(texts), at::kLong);
}

EncoderTexts::EncoderTexts(std::unique_ptr<Tokenizer> tokenizer, const EncoderConfig& config,
                           std::optional<std::int64_t> longest)
    : tokenizer_(std::move(tokenizer)),
      longest_(std::min(longest.value_or(config.longest()), config.longest())) {
  std::tie(prefix_, suffix_) = frame_of(*tokenizer_);
  if (tokenizer_->size() > config.vocabulary) {
    throw FormatError({"[model] the tokenizer is not that of the model",
                       fmt::format("at most {} tokens", config.vocabulary),
                       std::to_string(tokenizer_->size()), ""});
  }
  const auto special = static_cast<std::int64_t>(prefix_.size() + suffix_.size());
  if (longest_ > special) return;
  throw FormatError({"[model] the longest text leaves no room for tokens of its own",
                     fmt::format("more than {} tokens", special), std::to_string(longest_), ""});
}

std::vector<TokenId> EncoderTexts::encode(std::string_view text) const {
  // Unlike BOS, the frame is put around texts that have its tokens themselves.
  std::vector<TokenId> tokens = prefix_;
  const std::vector<TokenId> own = tokenizer_->encode(text, false);
  tokens.insert(tokens.end(), own.begin(), own.end());
  const auto room = static_cast<std::size_t>(longest_) - suffix_.size();
  if (tokens.size() > room) tokens.resize(room);
  tokens.insert(tokens.end(), suffix_.begin(), suffix_.end());
  return tokens;
}

std::vector<EncoderBatch> EncoderTexts::batches(std::span<const std::string> texts,
                                                std::int64_t batch_tokens) const {
  const auto count = static_cast<std::int64_t>(texts.size());
  std::vector<std::vector<TokenId>> tokens(texts.size());
  at::parallel_for(0, count, 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      tokens[i] = encode(texts[i]);
    }
  });
  const auto of = [&](std::int64_t text) -> const std::vector<TokenId>& {
    return tokens[static_cast<std::size_t>(text)];
  };
  std::vector<std::int64_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater{}, [&](std::int64_t i) { return of(i).size(); });

  std::vector<EncoderBatch> batches;
  for (const std::int64_t text : order) {
    const std::size_t filled = batches.empty() ? 0 : batches.back().packed.tokens.size();
    if (batches.empty() || filled + of(text).size() > static_cast<std::size_t>(batch_tokens)) {
      batches.emplace_back();
    }
    batches.back().packed.add(of(text));
    batches.back().texts.push_back(text);
  }
  return batches;
}

}  // namespace austeer
