#include "runs/collect.hpp"

#include <ATen/Parallel.h>
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <set>
#include <spdlog/spdlog.h>

#include "base/memory.hpp"
#include "base/paths.hpp"
#include "base/progress.hpp"
#include "base/version.hpp"
#include "cache/manifest.hpp"
#include "models/locate.hpp"
#include "models/sentence_encoder.hpp"
#include "runs/options.hpp"
#include "runs/prompts.hpp"
#include "runs/tokenised_pairs.hpp"
#include "tasks/task.hpp"

namespace austeer {

namespace {

SiteReading reading_of(const CachedSite& site) {
  return {parse_site(site.name), enum_value<ReadPositions>(site.positions), site.only};
}

CacheDescription describe_part(const CacheDescription& common,
                               std::span<const SiteReading> readings, const Decoder& model) {
  CacheDescription description = common;
  for (const SiteReading& reading : readings) {
    description.sites.push_back(cached_site(reading, model));
  }
  if (std::ranges::none_of(description.sites, &CachedSite::reads_answers)) {
    description.answer_tokens = {};
  }
  return description;
}

CachePart open_part(const std::filesystem::path& folder, CacheDescription description,
                    std::vector<SiteReading> readings) {
  CachePart part{folder, std::move(description), std::move(readings), nullptr};
  part.writer = std::make_unique<CacheWriter>(folder, part.description);
  for (const std::string& file : part.writer->damaged()) {
    spdlog::warn("{} is damaged and is made anew", (folder / file).string());
  }
  return part;
}

/// A part that is there, with the sites that it was begun with.
CachePart open_existing(const std::filesystem::path& folder, const CacheDescription& common,
                        const Decoder& model) {
  const CacheDescription found = read_manifest(folder).description;
  std::vector<SiteReading> readings;
  for (const CachedSite& site : found.sites) readings.push_back(reading_of(site));
  CacheDescription description = describe_part(common, readings, model);
  description.pairs_per_shard = found.pairs_per_shard;
  return open_part(folder, std::move(description), std::move(readings));
}

/// Whether `part` has what `wanted` asks for. Throws UsageError where it has other layers of it.
bool has(const CachePart& part, const CachedSite& wanted) {
  const CachedSite* site = part.description.find_site(wanted.key());
  if (site == nullptr) return false;
  const bool enough = site->only.empty() ||
                      (!wanted.only.empty() && std::ranges::includes(site->only, wanted.only));
  if (enough) return true;
  throw UsageError(
      ErrorParts{fmt::format("[collect] {} holds the site '{}' for other layers",
                             part.folder.string(), site->key()),
                 wanted.only.empty() ? "all" : fmt::format("{}", fmt::join(wanted.only, ", ")),
                 fmt::format("{}", fmt::join(site->only, ", ")),
                 "Choose another --out, or delete that folder to collect it anew"});
}

}  // namespace

CachedSite cached_site(const SiteReading& reading, const Decoder& model) {
  return {.name = site_name(reading.site),
          .layers = model.config().layers,
          .width = model.site_width(reading.site),
          .positions = read_positions_name(reading.positions),
          .group = reading.site == Site::attention ? model.config().head_dim : 1,
          .only = reading.layers};
}

std::vector<CachePart> open_parts(const std::filesystem::path& folder,
                                  const CacheDescription& common,
                                  std::span<const SiteReading> readings, const Decoder& model) {
  std::vector<CachePart> parts;
  if (has_manifest(folder)) {
    parts.push_back(open_existing(folder, common, model));
    for (const std::filesystem::path& added : added_parts(folder)) {
      parts.push_back(open_existing(added, common, model));
    }
  }
  std::vector<SiteReading> missing;
  for (const SiteReading& reading : readings) {
    const CachedSite wanted = cached_site(reading, model);
    if (std::ranges::none_of(parts, [&](const CachePart& part) { return has(part, wanted); })) {
      missing.push_back(reading);
    }
  }
  std::int64_t bytes = 0;
  for (const CachePart& part : parts) bytes += part.description.bytes(part.writer->next_pair());
  CacheDescription added = describe_part(common, missing, model);
  bytes += added.bytes();
  spdlog::info("{} to write", human_bytes(bytes));
  check_free_disk(folder, bytes);
  if (missing.empty()) return parts;
  if (added.pairs_per_shard == 0) added.pairs_per_shard = default_pairs_per_shard(added);
  parts.push_back(open_part(parts.empty() ? folder : next_added_part(folder), std::move(added),
                            std::move(missing)));
  return parts;
}

namespace {

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

/// What a model is called where its cache is read by others: of a path the last part alone.
std::string name_to_share(const std::string& model) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(model, error);
  return error ? model : path.filename().string();
}

/// What every part of the cache has in common: all but its sites.
CacheDescription describe_cache(const CollectOptions& options, const Task& task,
                                const std::vector<Pair>& pairs, const Model& model) {
  CacheDescription description;
  description.fingerprints = {
      {"model", model.fingerprint},
      {"tokenizer", model.tokenizer->fingerprint()},
      {"task", task.fingerprint()},
      {"template", task.config().prompt},
      {"pairs", pairs_fingerprint(pairs)},
      {"answers", answers_fingerprint(pairs)},
      {"device", device_names(*model.decoder)},
      {"max_tokens", std::to_string(options.max_tokens)},
      // The rounding of a matrix product may depend on its rows, the threads and the kernels.
      {"batch_tokens", std::to_string(options.run.engine.batch_tokens)},
      {"threads", std::to_string(at::get_num_threads())},
      {"way", enum_name(options.run.engine.way)},
      {"engine", "austeer " + version() + ", libtorch " + libtorch_version()}};
  if (options.void_pairs != VoidPairsChoice::keep) {
    description.fingerprints["void_pairs"] = void_pairs_choice_name(options.void_pairs);
  }
  if (task.config().chat) description.fingerprints["chat_template"] = chat_fingerprint(model);
  description.names = {{"model", name_to_share(model.name)},
                       {"task", task.name()},
                       {"dataset", task.config().dataset},
                       {"split", options.split}};
  description.dtype = model.decoder->dtype();
  description.pairs = static_cast<std::int64_t>(pairs.size());
  description.pairs_per_shard = options.shard_pairs;
  if (std::ranges::any_of(pairs, [](const Pair& pair) { return !pair.answer_class.empty(); })) {
    for (const Pair& pair : pairs) description.answer_classes.push_back(pair.answer_class);
  }
  return description;
}

/// The sites asked for, those that are read at answer_all in the layers asked for. Throws
/// UsageError for layers that the model lacks.
std::vector<SiteReading> readings_of(const CollectOptions& options, std::int64_t layers) {
  std::set<std::int64_t> chosen(options.layers.begin(), options.layers.end());
  std::vector<SiteReading> readings = options.sites;
  if (chosen.empty()) return readings;
  if (*chosen.begin() < 0 || *chosen.rbegin() >= layers) {
    throw UsageError(ErrorParts{"[collect] --layers: the model lacks some of them",
                                fmt::format("layers from 0 to {}", layers - 1),
                                fmt::format("{}", fmt::join(chosen, ", ")), ""});
  }
  for (SiteReading& reading : readings) {
    if (reading.positions == ReadPositions::answer_all) {
      reading.layers.assign(chosen.begin(), chosen.end());
    }
  }
  return readings;
}

/// What can be refused before anything is loaded.
void check(const CollectOptions& options) {
  if (options.sites.empty()) throw UsageError("collect", "no site is named");
  if (options.pairs < 1 || options.max_tokens < 1) {
    throw UsageError("collect", "--pairs and --max-tokens must be at least 1");
  }
  const bool restrictable = std::ranges::any_of(options.sites, [](const SiteReading& reading) {
    return reading.positions == ReadPositions::answer_all;
  });
  if (options.layers.empty() || restrictable) return;
  throw UsageError("collect", "--layers restricts sites read at answer_all, and --sites names none",
                   "For example --sites layer@answer_all");
}

/// The rows of `both`, token by token of the texts' answers, by side.
SiteActivations sides_of_tokens(const at::Tensor& both, std::span<const Tokens> texts,
                                std::span<const std::size_t> first) {
  std::vector<at::Tensor> positive, negative;
  std::int64_t row = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto tokens = static_cast<std::int64_t>(texts[i].size() - first[i]);
    (i % 2 == 0 ? positive : negative).push_back(both.narrow(0, row, tokens));
    row += tokens;
  }
  return {at::cat(positive), at::cat(negative)};
}

/// The activations of the pairs whose texts are `texts`, ready for the cache.
Activations read_pairs(const Engine& engine, const CachePart& part, std::span<const Tokens> texts,
                       std::span<const std::size_t> first, const OnTexts& on_texts) {
  ActivationTap tap(engine.model(), part.readings, texts, first);
  const bool answers = std::ranges::any_of(part.readings, &SiteReading::reads_answers);
  engine.read(texts, tap, answers ? first : std::span<const std::size_t>(), on_texts);
  Activations activations;
  for (std::size_t i = 0; i < part.readings.size(); ++i) {
    const std::string key = part.description.sites[i].key();
    const at::Tensor& both = tap.activations(i);
    activations[key] =
        part.description.sites[i].has_token_rows()
            ? sides_of_tokens(both, texts, first)
            : SiteActivations{both.slice(0, 0, std::nullopt, 2), both.slice(0, 1, std::nullopt, 2)};
  }
  return activations;
}

/// Collects what `part` lacks, shard by shard: which texts share a pass does not depend on where an
/// earlier run was ended.
void collect_part(const CachePart& part, const Engine& engine, const TokenisedPairs& pairs,
                  const std::string& label, CollectReport& report) {
  CacheWriter& writer = *part.writer;
  if (part.missing_pairs() == 0) return writer.finish();
  const CacheDescription& description = part.description;
  std::vector<std::string> keys;
  for (const CachedSite& site : description.sites) keys.push_back(site.key());
  spdlog::info("{} into {}", fmt::join(keys, ", "), part.folder.string());
  Progress progress(label, "texts", 2 * description.pairs, 2 * writer.next_pair());
  while (writer.next_pair() < description.pairs) {
    const std::int64_t first = writer.next_pair();
    const std::int64_t end = std::min(
        (first / description.pairs_per_shard + 1) * description.pairs_per_shard, description.pairs);
    const auto begin = static_cast<std::size_t>(2 * first);
    const auto count = static_cast<std::size_t>(2 * (end - first));
    const auto texts = std::span(pairs.texts).subspan(begin, count);
    writer.append(read_pairs(engine, part, texts, std::span(pairs.first).subspan(begin, count),
                             [&](std::int64_t completed) { progress.advance(completed); }));
    for (const Tokens& text : texts) report.tokens += static_cast<std::int64_t>(text.size());
    report.texts += 2 * (end - first);
  }
  writer.finish();
}

struct TaskPairs {
  Task task;
  std::vector<Pair> pairs;
};

/// What needs no model.
TaskPairs prepare_pairs(const CollectOptions& options) {
  check(options);
  const Task task =
      with_wrong_answer(load_task(options.task, project_folder("configs")), options.wrong_answer);
  std::vector<Pair> pairs = task.pairs(
      options.split, datasets_folder(options.run, task.config().dataset), nearest_by_meaning());
  std::erase_if(pairs, [&](const Pair& pair) { return options.left_out.contains(pair.place); });
  pairs.resize(std::min(pairs.size(), static_cast<std::size_t>(options.pairs)));
  return {task, std::move(pairs)};
}

/// The pairs as tokens; those that are dropped are gone from both. Warns of void ones.
TokenisedPairs tokenise(const CollectOptions& options, TaskPairs& task, const Model& model) {
  if (task.task.config().chat && options.void_pairs == VoidPairsChoice::shorten) {
    throw UsageError(
        "collect",
        fmt::format("--void-pairs shorten would cut the frame of the chat prompts of {}",
                    task.task.name()),
        "Raise --max-tokens, or take keep or drop");
  }
  const std::int64_t max_tokens =
      std::min(options.max_tokens, model.decoder->config().max_positions);
  TokenisedPairs tokens =
      tokenise_pairs(task.pairs, *model.tokenizer, max_tokens, options.void_pairs);
  const std::string warning =
      void_pairs_warning(task.pairs, tokens.void_pairs, options.void_pairs, max_tokens);
  if (!warning.empty()) spdlog::warn("{}: {}", task.task.name(), warning);
  if (tokens.void_pairs.are_dropped) drop_void_pairs(task.pairs, tokens);
  return tokens;
}

CollectReport collect_pairs(const CollectOptions& options, TaskPairs task, const Model& model) {
  const std::vector<SiteReading> readings = readings_of(options, model.decoder->config().layers);
  apply_chat(task.task, model, task.pairs);
  const TokenisedPairs tokens = tokenise(options, task, model);
  CacheDescription common = describe_cache(options, task.task, task.pairs, model);
  common.answer_tokens = tokens.answer_tokens();
  common.void_pairs = tokens.void_pairs;
  spdlog::info("about {} for a pass",
               human_bytes(pass_bytes(model.decoder->config(), model.decoder->dtype(),
                                      options.run.engine.batch_tokens, 0)));
  const std::vector<CachePart> parts = open_parts(options.out, common, readings, *model.decoder);

  const Engine engine(*model.decoder, options.run.engine);
  CollectReport report{common.pairs, common.pairs, 0, 0, 0, common.void_pairs};
  for (const CachePart& part : parts) {
    report.resumed_pairs = std::min(report.resumed_pairs, part.writer->next_pair());
  }
  const auto start = std::chrono::steady_clock::now();
  for (const CachePart& part : parts) {
    collect_part(part, engine, tokens, "collect " + task.task.name(), report);
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace

std::vector<SiteReading> default_readings() {
  std::vector<SiteReading> readings;
  for (const Site site : paper_sites) readings.push_back({.site = site});
  return readings;
}

CollectReport collect(const CollectOptions& options) {
  TaskPairs pairs = prepare_pairs(options);
  return collect_pairs(options, std::move(pairs), open_model(options.run));
}

CollectReport collect(const CollectOptions& options, const Model& model) {
  return collect_pairs(options, prepare_pairs(options), model);
}

NearestOthers nearest_by_meaning() {
  return [](std::span<const std::string> texts, std::size_t pool) {
    spdlog::info("{} embeds {} answers", sentence_encoder, texts.size());
    const SentenceEncoder encoder(
        locate_encoder(sentence_encoder, project_folder("configs"), home_folder()));
    return nearest_others(encoder.embed(texts), static_cast<std::int64_t>(pool));
  };
}

void check_similarity_model() {
  locate_encoder(sentence_encoder, project_folder("configs"), home_folder());
}

Json answer_json(const CollectOptions& options, const CollectReport& report) {
  return {{"cache", options.out.string()},
          {"pairs", report.pairs},
          {"resumed_pairs", report.resumed_pairs},
          {"texts", report.texts},
          {"tokens", report.tokens},
          {"seconds", report.seconds},
          {"texts_per_second", report.texts_per_second()},
          {"void_pairs", void_pairs_summary(report.void_pairs)}};
}

}  // namespace austeer
