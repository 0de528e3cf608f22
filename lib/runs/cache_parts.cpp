#include "runs/cache_parts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include "base/memory.hpp"
#include "cache/parts.hpp"
#include "runs/needs.hpp"

namespace austeer {
namespace {

SiteReading reading_of(const CachedSite& site) {
  return {parse_site(site.name), enum_value<ReadPositions>(site.positions), site.only};
}

CacheDescription describe_part(const CacheDescription& common,
                               std::span<const SiteReading> readings, const Decoder& model) {
  CacheDescription description = common;
  for (const SiteReading& reading : readings) {
    description.sites.push_back(cached_site(reading, model));
  }
  if (std::ranges::none_of(description.sites, &CachedSite::reads_answers)) {
    description.answer_tokens = {};
  }
  return description;
}

CachePart open_part(const std::filesystem::path& folder, CacheDescription description,
                    std::vector<SiteReading> readings) {
  CachePart part{folder, std::move(description), std::move(readings), nullptr};
  part.writer = std::make_unique<CacheWriter>(folder, part.description);
  for (const std::string& file : part.writer->damaged()) {
    spdlog::warn("{} is damaged and is made anew", (folder / file).string());
  }
  return part;
}

/// A part that is there, with the sites that it was begun with.
CachePart open_existing(const std::filesystem::path& folder, const CacheDescription& common,
                        const Decoder& model) {
  const CacheDescription found = read_manifest(folder).description;
  std::vector<SiteReading> readings;
  for (const CachedSite& site : found.sites) readings.push_back(reading_of(site));
  CacheDescription description = describe_part(common, readings, model);
  description.pairs_per_shard = found.pairs_per_shard;
  return open_part(folder, std::move(description), std::move(readings));
}

/// Whether `part` has what `wanted` asks for. Throws UsageError where it has other layers of it.
bool has(const CachePart& part, const CachedSite& wanted) {
  const CachedSite* site = part.description.find_site(wanted.key());
  if (site == nullptr) return false;
  const bool enough = site->only.empty() ||
                      (!wanted.only.empty() && std::ranges::includes(site->only, wanted.only));
  if (enough) return true;
  throw UsageError(
      ErrorParts{fmt::format("[collect] {} holds the site '{}' for other layers",
                             part.folder.string(), site->key()),
                 wanted.only.empty() ? "all" : fmt::format("{}", fmt::join(wanted.only, ", ")),
                 fmt::format("{}", fmt::join(site->only, ", ")),
                 "Choose another --out, or delete that folder to collect it anew"});
}

}  // namespace

CachedSite cached_site(const SiteReading& reading, const Decoder& model) {
  return {.name = site_name(reading.site),
          .layers = model.config().layers,
          .width = model.site_width(reading.site),
          .positions = read_positions_name(reading.positions),
          .group = reading.site == Site::attention ? model.config().head_dim : 1,
          .only = reading.layers};
}

std::vector<CachePart> open_parts(const std::filesystem::path& folder,
                                  const CacheDescription& common,
                                  std::span<const SiteReading> readings, const Decoder& model) {
  std::vector<CachePart> parts;
  if (has_manifest(folder)) {
    parts.push_back(open_existing(folder, common, model));
    for (const std::filesystem::path& added : added_parts(folder)) {
      parts.push_back(open_existing(added, common, model));
    }
  }
  std::vector<SiteReading> missing;
  for (const SiteReading& reading : readings) {
    const CachedSite wanted = cached_site(reading, model);
    if (std::ranges::none_of(parts, [&](const CachePart& part) { return has(part, wanted); })) {
      missing.push_back(reading);
    }
  }
  std::int64_t bytes = 0;
  for (const CachePart& part : parts) bytes += part.description.bytes(part.writer->next_pair());
  CacheDescription added = describe_part(common, missing, model);
  bytes += added.bytes();
  spdlog::info("{} to write", human_bytes(bytes));
  check_free_disk(folder, bytes);
  if (missing.empty()) return parts;
  if (added.pairs_per_shard == 0) added.pairs_per_shard = default_pairs_per_shard(added);
  parts.push_back(open_part(parts.empty() ? folder : next_added_part(folder), std::move(added),
                            std::move(missing)));
  return parts;
}

}  // namespace austeer
