#pragma once
// What an activation cache holds and what determines its bytes. Two caches with the same
// description have the same bytes; its digest, the key, is what a resumed run must match.

#include <ATen/ATen.h>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace austeer {

/// One site of a cache: its activations are [pairs, layers, width].
struct CachedSite {
  std::string name;  ///< "attention", "ffn", "layer"
  std::int64_t layers = 0;
  std::int64_t width = 0;

  bool operator==(const CachedSite&) const = default;
};

struct CacheDescription {
  /// What the bytes depend on besides the numbers below, each as one text. Required: "model",
  /// "tokenizer", "task", "template", "pairs". Others ("device", "engine") may be added.
  std::map<std::string, std::string> fingerprints;
  std::vector<CachedSite> sites;
  std::string positions = "last";  ///< which token of a text; "last" is the only one so far
  at::ScalarType dtype = at::kFloat;
  std::int64_t pairs = 0;
  std::int64_t pairs_per_shard = 0;
  /// The right answer's label of each pair, in order; empty where pairs have no classes.
  std::vector<std::string> answer_classes;

  bool operator==(const CacheDescription&) const = default;

  /// SHA-256 over every field: equal keys, equal bytes.
  std::string key() const;
  /// Number of shards of the finished cache; the last one may be shorter.
  std::int64_t shards() const;
  /// Bytes of one pair's activations, positive and negative, at every site.
  std::int64_t pair_bytes() const;
  /// Pairs in shard `index` of the finished cache.
  std::int64_t pairs_in_shard(std::int64_t index) const;
};

/// As many pairs as keep a shard's file near 32 MiB, at least one. Uses sites and dtype only.
std::int64_t default_pairs_per_shard(const CacheDescription& description);

/// What is wrong with `description` as one sentence, or nothing.
std::optional<std::string> flaw(const CacheDescription& description);

/// The first field in which the two differ, with both values: "fingerprint 'model' (here a, there
/// b)", or nothing when they are equal.
std::optional<std::string> difference(const CacheDescription& here, const CacheDescription& there);

/// The description as part of the manifest. Keys come in a fixed order.
Json to_json(const CacheDescription& description);

/// Reads what to_json wrote. Throws FormatError.
CacheDescription description_from_json(Fields& fields);

/// "float32", "bfloat16" or "float16". Throws UsageError for other types.
std::string cache_dtype_name(at::ScalarType dtype);

}  // namespace austeer
