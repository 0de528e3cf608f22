#pragma once
// Reads an activation cache, all its parts as one: mapped shards, checked against the manifests
// when it is opened. Sites go by their keys: "layer", "layer@answer_mean".

#include <filesystem>
#include <string>
#include <vector>

#include "cache/manifest.hpp"
#include "cache/shard.hpp"

namespace austeer {

class ActivationCache {
 public:
  /// Maps and checks the cache in `folder` and the parts added to it: manifests, every shard's
  /// header, shapes and dtypes. The activations themselves are not read. Throws FileError,
  /// FormatError, also for parts that do not fit each other; an unfinished cache is a FileError
  /// that says how far it is. The sites of an added part that is unfinished do not count
  /// as there.
  explicit ActivationCache(std::filesystem::path folder);

  /// What all parts hold together: every site, and the answers' tokens where any part has them.
  /// How the pairs lie in shards is each part's own: part().
  const CacheDescription& description() const { return whole_; }
  const std::filesystem::path& path() const { return folder_; }

  /// The site with this key. Throws UsageError, naming those that there are, and FileError for one
  /// in a part that is unfinished.
  const CachedSite& site(const std::string& key) const;

  /// The part that holds a site, the numbers of its shards and their pairs included. Throws as
  /// site() does, and so do all of these.
  const CacheDescription& part(const std::string& site_key) const;

  /// Digest of everything that determines the bytes of that part.
  std::string key(const std::string& site_key) const { return part(site_key).key(); }

  /// Number of shards of a site.
  std::int64_t shards(const std::string& site_key) const { return part(site_key).shards(); }

  /// The activations of a site in shard `index`, as views of the mapping: two tensors [pairs, kept
  /// layers, width], of `answer_all` [answer tokens, kept layers, width] (each side its own).
  SiteActivations shard(const std::string& site_key, std::int64_t index) const;

  /// Tells the system that shard(site_key, index) is about to be read; returns at once.
  void will_need(const std::string& site_key, std::int64_t index) const;

  /// Reads every shard and compares its sha256 with the manifest. Throws FormatError.
  void verify() const;

 private:
  struct Part {
    std::filesystem::path folder;
    Manifest manifest;
    std::vector<SafetensorsFile> files;  ///< its shards; none of an unfinished part
  };

  void add(const std::filesystem::path& folder);
  const Part& holder(const std::string& site_key) const;

  std::filesystem::path folder_;
  CacheDescription whole_;
  std::vector<Part> parts_;  ///< the root first
};

}  // namespace austeer
