#pragma once
// One shard of an activation cache: a safetensors file with `<site key>.positive` and
// `<site key>.negative`, each [pairs, kept layers, width], for a run of consecutive pairs; of a
// site with `answer_all` each [tokens of the answers, kept layers, width].

#include <filesystem>
#include <map>
#include <string>

#include "cache/description.hpp"
#include "cache/manifest.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {

/// The activations of some pairs at one site: two tensors [rows, kept layers, width] in the cache's
/// dtype, with CacheDescription::rows() rows.
struct SiteActivations {
  at::Tensor positive;
  at::Tensor negative;
};

/// Site key -> activations.
using Activations = std::map<std::string, SiteActivations>;

/// Writes shard `index` atomically and returns its record. Throws FileError.
ShardRecord write_shard(const std::filesystem::path& folder, const CacheDescription& description,
                        std::int64_t index, const Activations& activations);

/// Maps shard `index` and checks that it belongs to this cache and holds exactly the tensors that
/// it should. Does not read the activations. Throws FileError, FormatError.
SafetensorsFile open_shard(const std::filesystem::path& folder, const CacheDescription& description,
                           std::int64_t index);

/// The activations of the site with this key in an opened shard, as views of the mapping.
SiteActivations site_of_shard(const SafetensorsFile& shard, const std::string& site_key);

}  // namespace austeer
