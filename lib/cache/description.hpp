#pragma once
// What an activation cache (or a part of one) holds and what determines its bytes. Two caches with
// the same description have the same bytes; its digest, the key, is what a resumed run must match.

#include <ATen/ATen.h>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.hpp"
#include "plans/units.hpp"

namespace austeer {

/// "float32", "bfloat16" or "float16". Throws UsageError for other types.
std::string cache_dtype_name(at::ScalarType dtype);

/// The types that activations are cached in, by those names.
template <>
struct JsonForm<at::ScalarType> {
  static void read(Fields& fields, const std::string& key, at::ScalarType& dtype);
  static Json json(at::ScalarType dtype) { return cache_dtype_name(dtype); }
};

/// One site of a cache, at one choice of positions. `last` and `answer_mean` give tensors
/// [pairs, kept layers, width]; `answer_all` gives [answer tokens, kept layers, width], the texts'
/// answers one after the other, each as long as CacheDescription::answer_tokens says.
struct CachedSite {
  std::string name;         ///< "attention", "ffn", "layer", "ffn_gate"
  std::int64_t layers = 0;  ///< of the model
  std::int64_t width = 0;
  ReadPositions positions = ReadPositions::last;
  std::int64_t group = 1;  ///< dims that belong together: head_dim at `attention`, else 1
  std::vector<std::int64_t> only = {};  ///< layers that are kept, ascending; empty: all

  bool operator==(const CachedSite&) const = default;

  /// "layer", "layer@answer_mean": names the site within a cache, and opens its tensors' names.
  std::string key() const;
  /// Number of layers kept.
  std::int64_t kept() const;
  /// The model's layer behind index `kept_layer` of the tensors.
  std::int64_t layer(std::int64_t kept_layer) const;
  /// Whether it depends on where the answers begin: every choice of positions but "last".
  bool reads_answers() const;
  /// Whether its rows are tokens, not pairs.
  bool has_token_rows() const;
};

void describe(auto& visit, SettingsOf<CachedSite> auto& site) {
  visit(site.name, {.key = "name", .required = true});
  visit(site.layers, {.key = "layers", .required = true});
  visit(site.width, {.key = "width", .required = true});
  visit(site.positions, {.key = "positions", .required = true});
  visit(site.group, {.key = "group", .required = true});
  visit(site.only, {.key = "only", .required = true});
}

/// How many tokens the answers have, one entry per pair, each at least 1. Both are empty in a cache
/// without a site that reads answers.
struct AnswerTokens {
  std::vector<std::int64_t> positive;
  std::vector<std::int64_t> negative;

  bool operator==(const AnswerTokens&) const = default;
};

void describe(auto& visit, SettingsOf<AnswerTokens> auto& tokens) {
  visit(tokens.positive, {.key = "positive", .required = true});
  visit(tokens.negative, {.key = "negative", .required = true});
}

/// Pairs whose activations say little or nothing, by their places among the pairs that were to be
/// collected: ascending.
struct VoidPairs {
  std::vector<std::int64_t> cut;        ///< a text was longer than what is read of one, and part of
                                        ///< its answer is lost
  std::vector<std::int64_t> equal;      ///< both texts are the same tokens: no unit moves
  std::vector<std::int64_t> shortened;  ///< lost the front of their prompts, so that answers stay
  bool are_dropped = false;             ///< the cache has none of `cut` and `equal`

  bool operator==(const VoidPairs&) const = default;

  bool empty() const { return cut.empty() && equal.empty() && shortened.empty(); }
  /// Those in `cut` or `equal`, each once.
  std::vector<std::int64_t> all() const;
};

void describe(auto& visit, SettingsOf<VoidPairs> auto& pairs) {
  visit(pairs.cut, {.key = "cut", .required = true});
  visit(pairs.equal, {.key = "equal", .required = true});
  visit(pairs.shortened, {.key = "shortened", .required = true});
  visit(pairs.are_dropped, {.key = "dropped", .required = true});
}

/// Counts and choice for readers: {"cut": 3, "equal": 2, "shortened": 0, "dropped": false}.
Json void_pairs_summary(const VoidPairs& pairs);

/// Rows of a site's two tensors.
struct SiteRows {
  std::int64_t positive = 0;
  std::int64_t negative = 0;

  bool operator==(const SiteRows&) const = default;
};

struct CacheDescription {
  /// What the bytes depend on besides the numbers below, each as one text. Required: "model",
  /// "tokenizer", "task", "template", "pairs". Others ("device", "engine") may be added.
  std::map<std::string, std::string> fingerprints;
  /// What people call it: "model", "task", "dataset", "split". For citing alone: no byte depends on
  /// them, so key() and difference() pass over them.
  std::map<std::string, std::string> names;
  std::vector<CachedSite> sites;
  at::ScalarType dtype = at::kFloat;
  std::int64_t pairs = 0;
  std::int64_t pairs_per_shard = 0;
  /// The right answer's label of each pair, in order; empty where pairs have no classes.
  std::vector<std::string> answer_classes;
  AnswerTokens answer_tokens;
  /// What the texts and what is read of them make plain, so that it has no part in key() and
  /// difference(). Written only where there are any.
  VoidPairs void_pairs;

  bool operator==(const CacheDescription&) const = default;

  /// SHA-256 over every field but the names and the void pairs: equal keys, equal bytes.
  std::string key() const;
  /// Number of shards of the finished cache; the last one may be shorter.
  std::int64_t shards() const;
  /// Bytes of the activations of the pairs from `first_pair` on, at every site.
  std::int64_t bytes(std::int64_t first_pair = 0) const;
  /// Rows of the tensors of `site` for the pairs [first, first + count).
  SiteRows rows(const CachedSite& site, std::int64_t first, std::int64_t count) const;
  /// The site with this key, or nullptr.
  const CachedSite* find_site(std::string_view key) const;
  /// Pairs in shard `index` of the finished cache.
  std::int64_t pairs_in_shard(std::int64_t index) const;
};

void describe(auto& visit, SettingsOf<CacheDescription> auto& cache) {
  visit(cache.fingerprints, {.key = "fingerprints", .required = true});
  visit(cache.names, {.key = "names", .in_digest = false});
  visit(cache.sites, {.key = "sites", .required = true});
  visit(cache.dtype, {.key = "dtype", .required = true});
  visit(cache.pairs, {.key = "pairs", .required = true});
  visit(cache.pairs_per_shard, {.key = "pairs_per_shard", .required = true});
  visit(cache.answer_classes, {.key = "answer_classes", .required = true});
  visit(cache.answer_tokens, {.key = "answer_tokens", .required = true});
  visit(cache.void_pairs, {.key = "void_pairs",
                           .written = cache.void_pairs.empty() ? Written::never : Written::always,
                           .in_digest = false});
}

/// As many pairs as keep a shard's file near 32 MiB, at least one. Uses the numbers of pairs
/// and answer tokens, the sites and the dtype.
std::int64_t default_pairs_per_shard(const CacheDescription& description);

/// What is wrong with `description` as one sentence, or nothing.
std::optional<std::string> flaw(const CacheDescription& description);

/// The first field in which the two differ, with both values: "fingerprint 'model' (here a, there
/// b)"; of a list with an entry per pair the first one that differs. Nothing when they are equal.
std::optional<std::string> difference(const CacheDescription& here, const CacheDescription& there);

/// As difference(), of all that two parts of one cache must share: not the sites, not the size of
/// shards, and the answers' tokens only where both have them.
std::optional<std::string> difference_of_parts(const CacheDescription& here,
                                               const CacheDescription& there);

}  // namespace austeer
