#pragma once
// Reads an activation cache: mapped shards, checked against the manifest when it is opened.

#include <filesystem>
#include <string>
#include <vector>

#include "cache/manifest.hpp"
#include "cache/shard.hpp"

namespace austeer {

class ActivationCache {
 public:
  /// Maps and checks the cache in `folder`: manifest, every shard's header, shapes and dtypes. The
  /// activations themselves are not read. Throws FileError, FormatError; an unfinished cache is a
  /// FileError that says how far it is.
  explicit ActivationCache(std::filesystem::path folder);

  const CacheDescription& description() const { return manifest_.description; }
  const std::filesystem::path& path() const { return folder_; }
  /// Digest of everything that determines the bytes.
  std::string key() const { return description().key(); }

  /// Layers and width of `site`. Throws UsageError, naming the sites that there are.
  const CachedSite& site(const std::string& site) const;

  /// Number of shards.
  std::int64_t shards() const { return static_cast<std::int64_t>(files_.size()); }

  /// The activations of `site` in shard `index`: two tensors [pairs, layers, width] that are views
  /// of the mapping. Throws UsageError for a site that is not there.
  SiteActivations shard(const std::string& site, std::int64_t index) const;

  /// Tells the system that shard(site, index) is about to be read; returns at once.
  void will_need(const std::string& site, std::int64_t index) const;

  /// Reads every shard and compares its sha256 with the manifest. Throws FormatError.
  void verify() const;

 private:
  std::filesystem::path folder_;
  Manifest manifest_;
  std::vector<SafetensorsFile> files_;
};

}  // namespace austeer
