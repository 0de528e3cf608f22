#include "cache/reader.hpp"

#include <cstdint>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "base/suggest.hpp"

namespace austeer {
namespace {

void will_need_tensor(const at::Tensor& tensor) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr());
  const auto start = begin / page * page;
  // A hint: where the system refuses it, the pages come when they are touched.
  (void)::madvise(reinterpret_cast<void*>(start), begin + tensor.nbytes() - start, MADV_WILLNEED);
}

}  // namespace

ActivationCache::ActivationCache(std::filesystem::path folder)
    : folder_(std::move(folder)), manifest_(read_manifest(folder_)) {
  if (!manifest_.complete) {
    throw FileError("cache",
                    fmt::format("{} is not complete: {} of {} pairs are there", folder_.string(),
                                manifest_.pairs_done(), description().pairs),
                    "Run the same collect again; it continues where it stopped");
  }
  for (std::int64_t i = 0; i < description().shards(); ++i) {
    files_.push_back(open_shard(folder_, description(), i));
  }
}

const CachedSite& ActivationCache::site(const std::string& site) const {
  std::vector<std::string> known;
  for (const CachedSite& candidate : description().sites) {
    if (candidate.name == site) return candidate;
    known.push_back(candidate.name);
  }
  throw UsageError("cache", fmt::format("{} has no site '{}'", folder_.string(), site),
                   suggestion(site, known));
}

SiteActivations ActivationCache::shard(const std::string& site, std::int64_t index) const {
  return site_of_shard(files_.at(static_cast<std::size_t>(index)), this->site(site).name);
}

void ActivationCache::will_need(const std::string& site, std::int64_t index) const {
  const SiteActivations activations = shard(site, index);
  will_need_tensor(activations.positive);
  will_need_tensor(activations.negative);
}

void ActivationCache::verify() const {
  for (const ShardRecord& record : manifest_.shards) {
    const std::filesystem::path file = folder_ / record.file;
    const std::string found = sha256_file(file);
    if (found == record.sha256) continue;
    throw FormatError({fmt::format("[cache] {}: its content has changed", file.string()),
                       "sha256 " + record.sha256, found,
                       "Run the same collect again; it makes the damaged shards anew"});
  }
}

}  // namespace austeer
