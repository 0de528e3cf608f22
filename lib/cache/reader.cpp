#include "cache/reader.hpp"

#include <cstdint>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "base/names.hpp"
#include "cache/manifest.hpp"

namespace austeer {
namespace {

void will_need_tensor(const at::Tensor& tensor) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr());
  const auto start = begin / page * page;
  // A hint: where the system refuses it, the pages come when they are touched.
  (void)::madvise(reinterpret_cast<void*>(start), begin + tensor.nbytes() - start, MADV_WILLNEED);
}

FileError not_complete(const std::filesystem::path& folder, const Manifest& manifest) {
  return {"cache",
          fmt::format("{} is not complete: {} of {} pairs are there", folder.string(),
                      manifest.pairs_done(), manifest.description.pairs),
          "Run the same collect again; it continues where it stopped"};
}

}  // namespace

ActivationCache::ActivationCache(std::filesystem::path folder) : folder_(std::move(folder)) {
  add(folder_);
  if (!parts_.front().manifest.complete) throw not_complete(folder_, parts_.front().manifest);
  for (const std::filesystem::path& part : added_parts(folder_)) add(part);
}

void ActivationCache::add(const std::filesystem::path& folder) {
  Part part{folder, read_manifest(folder), {}};
  const CacheDescription& added = part.manifest.description;
  if (parts_.empty()) {
    whole_ = added;
  } else {
    if (const auto field = difference_of_parts(whole_, added)) {
      throw FormatError(
          "cache",
          fmt::format("{} is not a part of this cache: it differs in {}", folder.string(), *field),
          "Delete that folder and collect its sites again");
    }
    for (const CachedSite& site : added.sites) {
      for (const Part& other : parts_) {
        if (other.manifest.description.find_site(site.key()) == nullptr) continue;
        throw FormatError("cache",
                          fmt::format("both {} and {} hold the site '{}'", other.folder.string(),
                                      folder.string(), site.key()),
                          "Delete the second folder");
      }
    }
    if (part.manifest.complete) {
      whole_.sites.insert(whole_.sites.end(), added.sites.begin(), added.sites.end());
    }
    if (whole_.answer_tokens == AnswerTokens{}) whole_.answer_tokens = added.answer_tokens;
  }
  if (part.manifest.complete) {
    for (std::int64_t i = 0; i < added.shards(); ++i) {
      part.files.push_back(open_shard(folder, added, i));
    }
  }
  parts_.push_back(std::move(part));
}

const ActivationCache::Part& ActivationCache::holder(const std::string& site_key) const {
  std::vector<std::string> known;
  for (const Part& part : parts_) {
    const bool holds = part.manifest.description.find_site(site_key) != nullptr;
    if (holds && !part.manifest.complete) throw not_complete(part.folder, part.manifest);
    if (holds) return part;
  }
  for (const CachedSite& site : whole_.sites) known.push_back(site.key());
  throw UsageError("cache", fmt::format("{} has no site '{}'", folder_.string(), site_key),
                   suggestion(site_key, known));
}

const CacheDescription& ActivationCache::part(const std::string& site_key) const {
  return holder(site_key).manifest.description;
}

const CachedSite& ActivationCache::site(const std::string& key) const {
  return *part(key).find_site(key);
}

SiteActivations ActivationCache::shard(const std::string& site_key, std::int64_t index) const {
  return site_of_shard(holder(site_key).files.at(static_cast<std::size_t>(index)), site_key);
}

void ActivationCache::will_need(const std::string& site_key, std::int64_t index) const {
  const SiteActivations activations = shard(site_key, index);
  will_need_tensor(activations.positive);
  will_need_tensor(activations.negative);
}

void ActivationCache::verify() const {
  for (const Part& part : parts_) {
    if (!part.manifest.complete) continue;
    for (const ShardRecord& record : part.manifest.shards) {
      const std::filesystem::path file = part.folder / record.file;
      const std::string found = sha256_file(file);
      if (found == record.sha256) continue;
      throw FormatError({fmt::format("[cache] {}: its content has changed", file.string()),
                         "sha256 " + record.sha256, found,
                         "Run the same collect again; it makes the damaged shards anew"});
    }
  }
}

}  // namespace austeer
