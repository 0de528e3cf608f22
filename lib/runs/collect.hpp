#pragma once
// collect: a task's pairs through the model, their activations into a cache on disk.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "cache/writer.hpp"
#include "engine/activation_tap.hpp"
#include "models/decoder.hpp"
#include "runs/options.hpp"
#include "runs/tokenised_pairs.hpp"
#include "tasks/task.hpp"

namespace austeer {

// Which parts of a cache a collect writes: those that are there, unfinished or not, and a new one
// for the sites that none of them has.

/// A part that is open for writing, and what is read for it.
struct CachePart {
  std::filesystem::path folder;
  CacheDescription description;
  std::vector<SiteReading> readings;
  std::unique_ptr<CacheWriter> writer;  ///< of the root, it locks the whole cache

  std::int64_t missing_pairs() const { return description.pairs - writer->next_pair(); }
};

/// `reading` as the cache describes it: layers, width and groups of `model`. Throws UsageError for
/// a site that the model lacks.
CachedSite cached_site(const SiteReading& reading, const Decoder& model);

/// Opens the parts of the cache in `folder`, root first, after them a new one for those of
/// `readings` that they lack, if any. `common` is the description without sites, with the answers'
/// tokens; its pairs_per_shard counts for the new part alone, 0: the default. Throws what
/// CacheWriter throws, FileError where the disk is too small for what is missing, and UsageError
/// for a site that is there with other layers.
std::vector<CachePart> open_parts(const std::filesystem::path& folder,
                                  const CacheDescription& common,
                                  std::span<const SiteReading> readings, const Decoder& model);

/// Every site of the paper, at the last token of each text.
std::vector<SiteReading> default_readings();

struct CollectOptions {
  RunOptions run;
  std::string task;
  std::string split = "train";
  std::int64_t pairs = 1000;            ///< at most; the first ones of the split (paper: 1,000)
  std::set<std::string> left_out = {};  ///< places (Pair::place) of pairs that are not collected
  std::string wrong_answer;             ///< how wrong answers are found, in place of the task's way
  std::vector<SiteReading> sites = default_readings();
  std::vector<std::int64_t> layers;  ///< of the sites read at answer_all; empty: every one
  std::int64_t max_tokens = 512;     ///< longer texts lose their end (paper section 3)
  VoidPairsChoice void_pairs = VoidPairsChoice::keep;
  std::int64_t shard_pairs = 0;  ///< pairs per shard; 0: as many as make about 32 MiB
  std::filesystem::path out;
};

void describe(auto& visit, SettingsOf<CollectOptions> auto& collect) {
  describe(visit, collect.run);
  visit(collect.task,
        {.key = "task", .help = "name in configs/tasks/, or a YAML file", .required = true});
  visit(collect.split, {.key = "split", .help = "train, train[:600], train[100:200] ..."});
  visit(collect.pairs,
        {.key = "pairs", .help = "at most this many, the first of the split", .least = 1});
  visit(collect.sites,
        {.key = "sites",
         .help = "where to read: attention, ffn, layer, ffn_gate; each at the last token, or "
                 "@answer_mean, @answer_all (layer@answer_all). A cache that is there gains those "
                 "that it lacks"});
  visit(collect.layers,
        {.key = "layers", .help = "of the @answer_all sites; all by default", .least = 0});
  visit(collect.max_tokens,
        {.key = "max_tokens", .help = "longer texts lose their end", .least = 1});
  visit(collect.void_pairs,
        {.key = "void_pairs",
         .help = "pairs whose answer --max-tokens cuts off, or whose texts are equal: keep (they "
                 "count, as published), drop, or shorten (the prompts' front goes instead)"});
  visit(collect.shard_pairs,
        {.key = "shard_pairs",
         .help = "pairs per shard: what a killed run loses at most; 0: about 32 MiB of them",
         .least = 0});
}

struct CollectReport {
  std::int64_t pairs = 0;          ///< in the finished cache
  std::int64_t resumed_pairs = 0;  ///< of those, found finished on disk, at every site
  std::int64_t texts = 0;          ///< run through the model this time, two per pair and part
  std::int64_t tokens = 0;         ///< of those texts
  double seconds = 0;              ///< model and disk, without loading and tokenising
  VoidPairs void_pairs = {};       ///< among the task's pairs, as the cache describes them

  double texts_per_second() const { return seconds > 0 ? static_cast<double>(texts) / seconds : 0; }
};

/// Collects, or continues what an earlier run left at `out`. Where that holds a cache of the same
/// pairs, only the sites that it lacks are collected, into a part of their own
/// (cache/manifest.hpp); parts that are unfinished are finished first, with the sites and the size
/// of shards that they were begun with. Void pairs are warned of. Batches never cross a shard, so
/// that a resumed cache has the bytes of an undisturbed one. Throws what CacheWriter, Task and the
/// model throw, UsageError for a site that is there with other layers than those asked for, and
/// FormatError where every pair is dropped.
CollectReport collect(const CollectOptions& options);

/// The same with a model that is open already: options.run says no more than how it was opened.
CollectReport collect(const CollectOptions& options, const Model& model);

/// {"cache", "pairs", "resumed_pairs", "texts", "tokens", "seconds", "texts_per_second",
/// "void_pairs"}
Json answer_json(const CollectOptions& options, const CollectReport& report);

// Which answers are alike, by the sentence encoder that the paper uses.

/// The sentence encoder of the paper, as configs/models/ names it.
inline constexpr const char* sentence_encoder = "all-minilm-l6-v2";

/// Finds most similar texts by the cosine of their embeddings. The encoder is loaded when it is
/// first asked; FileError, saying how to fetch it, where it is not here.
NearestOthers nearest_by_meaning();

/// Throws what locate_encoder() throws where nearest_by_meaning() would.
void check_similarity_model();

}  // namespace austeer
