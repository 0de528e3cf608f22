#pragma once
// One shard of an activation cache: a safetensors file with `<site>.positive` and
// `<site>.negative`, each [pairs, layers, width], for a run of consecutive pairs.

#include <filesystem>
#include <map>
#include <string>

#include "cache/description.hpp"
#include "cache/manifest.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {

/// The activations of some pairs at one site: two tensors [pairs, layers, width] in the cache's
/// dtype.
struct SiteActivations {
  at::Tensor positive;
  at::Tensor negative;
};

/// Site name -> activations.
using Activations = std::map<std::string, SiteActivations>;

/// Writes shard `index` atomically and returns its record. Throws FileError.
ShardRecord write_shard(const std::filesystem::path& folder, const CacheDescription& description,
                        std::int64_t index, const Activations& activations);

/// Maps shard `index` and checks that it belongs to this cache and holds exactly the tensors that
/// it should. Does not read the activations. Throws FileError, FormatError.
SafetensorsFile open_shard(const std::filesystem::path& folder, const CacheDescription& description,
                           std::int64_t index);

/// The activations of `site` in an opened shard, as views of the mapping.
SiteActivations site_of_shard(const SafetensorsFile& shard, const std::string& site);

}  // namespace austeer
