#pragma once
// Which parts of a cache a collect writes: those that are there, unfinished or not, and a new one
// for the sites that none of them has.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "cache/writer.hpp"
#include "engine/activation_tap.hpp"
#include "models/decoder.hpp"

namespace austeer {

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

}  // namespace austeer
