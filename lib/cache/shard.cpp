#include "cache/shard.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/hash.hpp"

namespace austeer {
namespace {

std::string positive_name(const std::string& site_key) { return site_key + ".positive"; }
std::string negative_name(const std::string& site_key) { return site_key + ".negative"; }

/// A shard says which cache it belongs to, so that shards of two caches cannot be mixed.
std::map<std::string, std::string> shard_metadata(const CacheDescription& description,
                                                  std::int64_t index) {
  return {{"cache_key", description.key()}, {"shard", std::to_string(index)}};
}

std::string shape_text(at::ScalarType dtype, const std::vector<std::int64_t>& shape) {
  return fmt::format("{} [{}]", c10::toString(dtype), fmt::join(shape, ", "));
}

void check_tensor(const SafetensorsFile& file, const std::string& name, at::ScalarType dtype,
                  const std::vector<std::int64_t>& shape) {
  const auto found = file.header().tensors.find(name);
  if (found == file.header().tensors.end()) {
    throw FormatError("cache",
                      fmt::format("{}: the tensor '{}' is missing", file.path().string(), name));
  }
  const SafetensorsEntry& entry = found->second;
  if (entry.dtype == dtype && entry.shape == shape) return;
  throw FormatError({fmt::format("[cache] {}: the tensor '{}' does not fit the manifest",
                                 file.path().string(), name),
                     shape_text(dtype, shape), shape_text(entry.dtype, entry.shape), ""});
}

}  // namespace

ShardRecord write_shard(const std::filesystem::path& folder, const CacheDescription& description,
                        std::int64_t index, const Activations& activations) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const CachedSite& site : description.sites) {
    const SiteActivations& at_site = activations.at(site.key());
    tensors.emplace_back(positive_name(site.key()), at_site.positive);
    tensors.emplace_back(negative_name(site.key()), at_site.negative);
  }
  const std::string name = shard_name(index);
  write_safetensors(folder / name, tensors, shard_metadata(description, index));
  return {name, description.pairs_in_shard(index), sha256_file(folder / name)};
}

SafetensorsFile open_shard(const std::filesystem::path& folder, const CacheDescription& description,
                           std::int64_t index) {
  SafetensorsFile file(folder / shard_name(index));
  if (file.header().metadata != shard_metadata(description, index)) {
    throw FormatError("cache", fmt::format("{} belongs to another cache", file.path().string()),
                      "Delete the folder and collect again");
  }
  const std::int64_t first = index * description.pairs_per_shard;
  for (const CachedSite& site : description.sites) {
    const SiteRows rows = description.rows(site, first, description.pairs_in_shard(index));
    check_tensor(file, positive_name(site.key()), description.dtype,
                 {rows.positive, site.kept(), site.width});
    check_tensor(file, negative_name(site.key()), description.dtype,
                 {rows.negative, site.kept(), site.width});
  }
  if (file.header().tensors.size() != 2 * description.sites.size()) {
    throw FormatError("cache", fmt::format("{} holds tensors that the manifest does not name",
                                           file.path().string()));
  }
  return file;
}

SiteActivations site_of_shard(const SafetensorsFile& shard, const std::string& site_key) {
  return {shard.tensor(positive_name(site_key)), shard.tensor(negative_name(site_key))};
}

}  // namespace austeer
