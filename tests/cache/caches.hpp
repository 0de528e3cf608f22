#pragma once
// Small caches for the tests: a description, activations that depend on the pair alone, and the
// bytes of a whole folder.

#include <ATen/ATen.h>
#include <filesystem>
#include <map>
#include <string>

#include "base/files.hpp"
#include "cache/writer.hpp"

namespace austeer::testing {

inline CacheDescription small_description() {
  CacheDescription description;
  description.fingerprints = {
      {"model", "m1"}, {"tokenizer", "t1"}, {"task", "copa"}, {"template", "p1"}, {"pairs", "x1"}};
  description.sites = {{"attention", 2, 6}, {"ffn", 2, 4}};
  description.dtype = at::kBFloat16;
  description.pairs = 23;
  description.pairs_per_shard = 4;
  description.answer_classes.assign(23, "yes");
  return description;
}

/// Activations of the pairs [first, first + count): a value for each place that no other place
/// shares in float32.
inline Activations activations_of(const CacheDescription& description, std::int64_t first,
                                  std::int64_t count) {
  Activations batch;
  double offset = 0;
  for (const CachedSite& site : description.sites) {
    const at::Tensor pairs = at::arange(first, first + count, at::kDouble).view({-1, 1, 1});
    const at::Tensor units =
        at::arange(site.layers * site.width, at::kDouble).view({1, site.layers, site.width});
    const at::Tensor values = pairs + units / 64 + offset;
    batch[site.name] = {values.to(description.dtype), (-values - 0.5).to(description.dtype)};
    offset += 100;
  }
  return batch;
}

/// Appends what is missing in batches of `batch` pairs, up to pair `stop`.
inline void append_until(CacheWriter& writer, const CacheDescription& description,
                         std::int64_t batch, std::int64_t stop) {
  while (writer.next_pair() < stop) {
    const std::int64_t first = writer.next_pair();
    writer.append(activations_of(description, first, std::min(batch, stop - first)));
  }
}

/// A whole cache, in one go.
inline void make_cache(const std::filesystem::path& folder, const CacheDescription& description) {
  CacheWriter writer(folder, description);
  append_until(writer, description, 3, description.pairs);
  writer.finish();
}

/// Name -> content of every file but the lock, which names the process that held it.
inline std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name != ".lock") files[name] = read_file(entry.path());
  }
  return files;
}

}  // namespace austeer::testing
