#include "runs/collect.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <chrono>
#include <optional>
#include <spdlog/spdlog.h>

#include "base/memory.hpp"
#include "base/paths.hpp"
#include "base/progress.hpp"
#include "base/version.hpp"
#include "cache/writer.hpp"
#include "engine/last_token_tap.hpp"
#include "runs/needs.hpp"
#include "runs/similarity.hpp"
#include "tasks/task.hpp"

namespace austeer {
namespace {

/// The tokens of both texts of each pair: positive, negative, positive, ...
std::vector<Tokens> tokenise_pairs(const std::vector<Pair>& pairs, const Tokenizer& tokenizer,
                                   std::int64_t max_tokens) {
  std::vector<Tokens> texts;
  for (const Pair& pair : pairs) {
    for (const std::string& text : {pair.positive, pair.negative}) {
      Tokens tokens = tokenizer.encode(text);
      if (static_cast<std::int64_t>(tokens.size()) > max_tokens) {
        tokens.resize(static_cast<std::size_t>(max_tokens));
      }
      texts.push_back(std::move(tokens));
    }
  }
  return texts;
}

/// "cpu", or the devices in the order of the layers: "cuda:0,cuda:1".
std::string device_names(const Decoder& decoder) {
  std::string names;
  std::optional<at::Device> last;
  for (const at::Device& device : decoder.placement().devices) {
    if (last != device) names += (names.empty() ? "" : ",") + device.str();
    last = device;
  }
  return names;
}

CacheDescription describe_cache(const CollectOptions& options, const Task& task,
                                const std::vector<Pair>& pairs, const Model& model) {
  CacheDescription description;
  description.fingerprints = {
      {"model", model.fingerprint},
      {"tokenizer", model.tokenizer->fingerprint()},
      {"task", task.fingerprint()},
      {"template", task.config().prompt},
      {"pairs", pairs_fingerprint(pairs)},
      {"device", device_names(*model.decoder)},
      {"max_tokens", std::to_string(options.max_tokens)},
      // The rounding of a matrix product may depend on its rows, the threads and the kernels.
      {"batch_tokens", std::to_string(options.run.batch_tokens)},
      {"threads", std::to_string(at::get_num_threads())},
      {"engine", "austeer " + version() + ", libtorch " + libtorch_version()}};
  for (const Site site : options.sites) {
    description.sites.push_back(
        {site_name(site), model.decoder->config().layers, model.decoder->site_width(site)});
  }
  description.dtype = model.decoder->dtype();
  description.pairs = static_cast<std::int64_t>(pairs.size());
  if (std::ranges::any_of(pairs, [](const Pair& pair) { return !pair.answer_class.empty(); })) {
    for (const Pair& pair : pairs) description.answer_classes.push_back(pair.answer_class);
  }
  description.pairs_per_shard =
      options.shard_pairs > 0 ? options.shard_pairs : default_pairs_per_shard(description);
  return description;
}

/// The end of the run of pairs from `first` on that fits the token budget, at least one pair.
std::int64_t batch_end(std::span<const Tokens> texts, std::int64_t first, std::int64_t limit,
                       std::int64_t budget) {
  std::int64_t tokens = 0;
  std::int64_t end = first;
  for (; end < limit; ++end) {
    const auto positive = static_cast<std::size_t>(2 * end);
    tokens += static_cast<std::int64_t>(texts[positive].size() + texts[positive + 1].size());
    if (tokens > budget && end > first) break;
  }
  return end;
}

/// The activations of the pairs whose texts are `texts`, ready for the cache.
Activations read_pairs(const Engine& engine, std::span<const Tokens> texts,
                       std::span<const Site> sites) {
  LastTokenTap tap(engine.model(), sites, static_cast<std::int64_t>(texts.size()));
  engine.read(texts, tap);
  Activations activations;
  for (const Site site : sites) {
    const at::Tensor both = tap.activations(site);  // [2 * pairs, layers, width]
    activations[site_name(site)] = {both.slice(0, 0, std::nullopt, 2),
                                    both.slice(0, 1, std::nullopt, 2)};
  }
  return activations;
}

}  // namespace

CollectReport collect(const CollectOptions& options) {
  if (options.sites.empty()) throw UsageError("collect", "no site is named");
  if (options.pairs < 1 || options.max_tokens < 1) {
    throw UsageError("collect", "--pairs and --max-tokens must be at least 1");
  }
  const Task task = load_task(options.task, project_folder("configs"));
  std::vector<Pair> pairs = task.pairs(
      options.split, datasets_folder(options.run, task.config().dataset), nearest_by_meaning());
  pairs.resize(std::min(pairs.size(), static_cast<std::size_t>(options.pairs)));

  const Model model = open_model(options.run);
  const std::vector<Tokens> texts = tokenise_pairs(
      pairs, *model.tokenizer, std::min(options.max_tokens, model.decoder->config().max_positions));
  const CacheDescription description = describe_cache(options, task, pairs, model);
  const std::int64_t cache_bytes = description.pairs * description.pair_bytes();
  spdlog::info("about {} for a pass; {} on disk",
               human_bytes(pass_bytes(model.decoder->config(), model.decoder->dtype(),
                                      options.run.batch_tokens, false)),
               human_bytes(cache_bytes));
  check_free_disk(options.out, cache_bytes);
  CacheWriter writer(options.out, description);
  for (const std::string& file : writer.damaged()) {
    spdlog::warn("{} is damaged and is made anew", file);
  }

  const Engine engine(*model.decoder, {options.run.batch_tokens});
  CollectReport report{description.pairs, writer.next_pair(), 0, 0, 0};
  const auto start = std::chrono::steady_clock::now();
  Progress progress("collect " + task.name(), "texts", 2 * description.pairs,
                    2 * report.resumed_pairs);
  while (writer.next_pair() < description.pairs) {
    const std::int64_t first = writer.next_pair();
    const std::int64_t shard_end =
        (first / description.pairs_per_shard + 1) * description.pairs_per_shard;
    const std::int64_t end =
        batch_end(texts, first, std::min(shard_end, description.pairs), options.run.batch_tokens);
    const auto batch = std::span(texts).subspan(static_cast<std::size_t>(2 * first),
                                                static_cast<std::size_t>(2 * (end - first)));
    writer.append(read_pairs(engine, batch, options.sites));
    for (const Tokens& text : batch) report.tokens += static_cast<std::int64_t>(text.size());
    report.texts += 2 * (end - first);
    progress.advance(2 * (end - first));
  }
  writer.finish();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace austeer
