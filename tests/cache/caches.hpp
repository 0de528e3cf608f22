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

/// The same pairs at sites that read answers: answers of 1 to 3 tokens (positive) and 1 to 5.
inline CacheDescription answers_description() {
  CacheDescription description = small_description();
  description.sites = {
      {.name = "layer", .layers = 3, .width = 4, .positions = ReadPositions::answer_mean},
      {.name = "layer",
       .layers = 3,
       .width = 4,
       .positions = ReadPositions::answer_all,
       .group = 2,
       .only = {0, 2}}};
  for (std::int64_t pair = 0; pair < description.pairs; ++pair) {
    description.answer_tokens.positive.push_back(1 + pair % 3);
    description.answer_tokens.negative.push_back(1 + (pair * 7) % 5);
  }
  return description;
}

/// Pairs and, of a site with `answer_all`, tokens of one side: a number for each row.
inline at::Tensor row_numbers(const CachedSite& site, const std::vector<std::int64_t>& tokens,
                              std::int64_t first, std::int64_t count) {
  std::vector<double> rows;
  for (std::int64_t pair = first; pair < first + count; ++pair) {
    const std::int64_t length =
        site.has_token_rows() ? tokens.at(static_cast<std::size_t>(pair)) : 1;
    for (std::int64_t token = 0; token < length; ++token) {
      rows.push_back(static_cast<double>(pair) + static_cast<double>(token) * 200);
    }
  }
  return at::tensor(rows, at::kDouble).view({-1, 1, 1});
}

/// Activations of the pairs [first, first + count): a value for each place that no other place
/// shares in float32.
inline Activations activations_of(const CacheDescription& description, std::int64_t first,
                                  std::int64_t count) {
  Activations batch;
  double offset = 0;
  for (const CachedSite& site : description.sites) {
    const at::Tensor units =
        at::arange(site.kept() * site.width, at::kDouble).view({1, site.kept(), site.width}) / 64 +
        offset;
    const auto values = [&](const std::vector<std::int64_t>& tokens) {
      return row_numbers(site, tokens, first, count) + units;
    };
    batch[site.key()] = {values(description.answer_tokens.positive).to(description.dtype),
                         (-values(description.answer_tokens.negative) - 0.5).to(description.dtype)};
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

/// Name -> content of every file but the lock, which names the process that held it. Added parts
/// are folders and do not count.
inline std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name != ".lock" && entry.is_regular_file()) files[name] = read_file(entry.path());
  }
  return files;
}

}  // namespace austeer::testing
