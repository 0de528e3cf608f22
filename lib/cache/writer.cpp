#include "cache/writer.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/hash.hpp"

namespace austeer {
namespace {

/// The folder, made if missing, once the description has been found possible: a lock needs it.
std::filesystem::path prepared(std::filesystem::path folder, const CacheDescription& description) {
  if (const auto wrong = flaw(description)) throw UsageError("cache", *wrong);
  make_folder(folder);
  return folder;
}

bool is_ours(const std::string& name) { return name == ".lock" || name == "manifest.json.partial"; }

/// Whether `name` is that of a shard, finished or partial.
bool is_shard_name(std::string_view name) {
  constexpr std::string_view prefix = "shard-";
  constexpr std::string_view suffix = ".partial";
  if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  if (!name.starts_with(prefix)) return false;
  std::int64_t index = -1;
  std::from_chars(name.data() + prefix.size(), name.data() + name.size(), index);
  return index >= 0 && name == shard_name(index);
}

/// Whether the shard `record` of `folder` is there with its content. A shard that cannot be read
/// for another reason may be sound: that FileError passes on.
bool is_intact(const std::filesystem::path& folder, const CacheDescription& description,
               std::int64_t index, const ShardRecord& record) {
  std::error_code error;
  const std::filesystem::path file = folder / record.file;
  if (!std::filesystem::exists(file, error) && !error) return false;
  try {
    open_shard(folder, description, index);
  } catch (const FormatError&) {
    return false;
  }
  return sha256_file(file) == record.sha256;
}

/// A folder without a manifest may only be what a writer leaves that was killed before it wrote
/// one. Anything else is somebody's data.
void refuse_other_content(const std::filesystem::path& folder) {
  for (const std::string& name : list_folder(folder)) {
    if (is_ours(name)) continue;
    throw FileError("cache",
                    fmt::format("{} is not an activation cache, yet it is not empty "
                                "(it holds {})",
                                folder.string(), name),
                    "Choose another --out");
  }
}

/// Throws for the first value of `values` [pairs, layers, width] that is not finite.
void check_finite(const at::Tensor& values, const std::string& site, const char* side,
                  std::int64_t first_pair) {
  if (at::isfinite(values).all().item<bool>()) return;
  const at::Tensor place = at::isfinite(values).logical_not().nonzero()[0].cpu();
  const auto index = [&](int axis) { return place[axis].item<std::int64_t>(); };
  const float value = values[index(0)][index(1)][index(2)].item<float>();
  throw ComputeError(
      {fmt::format("[cache] pair {}: the {} activation at site {}, layer {}, dim {} is not finite",
                   first_pair + index(0), side, site, index(1), index(2)),
       "", fmt::format("{}", value),
       "A model that overflows in float16 may be sound in bfloat16 or float32 (--dtype)"});
}

void check_shape(const at::Tensor& values, const CachedSite& site, at::ScalarType dtype,
                 std::int64_t pairs) {
  if (values.dim() == 3 && values.size(0) == pairs && values.size(1) == site.layers &&
      values.size(2) == site.width && values.scalar_type() == dtype) {
    return;
  }
  throw UsageError(
      {fmt::format("[cache] activations at site {} do not fit the cache", site.name),
       fmt::format("{} [{}, {}, {}]", c10::toString(dtype), pairs, site.layers, site.width),
       fmt::format("{} [{}]", c10::toString(values.scalar_type()), fmt::join(values.sizes(), ", ")),
       ""});
}

}  // namespace

CacheWriter::CacheWriter(std::filesystem::path folder, CacheDescription description)
    : folder_(prepared(std::move(folder), description)), lock_(folder_) {
  manifest_.description = std::move(description);
  if (has_manifest(folder_)) {
    resume();
  } else {
    refuse_other_content(folder_);
    write_manifest(manifest_, folder_);
  }
}

void CacheWriter::resume() {
  Manifest found = read_manifest(folder_);
  if (const auto field = difference(manifest_.description, found.description)) {
    throw UsageError("cache",
                     fmt::format("{} is a cache of other activations: it differs in {}",
                                 folder_.string(), *field),
                     "Choose another --out, or delete the folder to collect it anew");
  }
  manifest_ = std::move(found);
  keep_intact_shards();
  remove_leftovers();
}

void CacheWriter::keep_intact_shards() {
  for (std::size_t i = 0; i < manifest_.shards.size(); ++i) {
    if (is_intact(folder_, manifest_.description, static_cast<std::int64_t>(i),
                  manifest_.shards[i])) {
      continue;
    }
    for (std::size_t j = i; j < manifest_.shards.size(); ++j) {
      damaged_.push_back(manifest_.shards[j].file);
    }
    manifest_.shards.resize(i);
    manifest_.complete = false;
    write_manifest(manifest_, folder_);
    return;
  }
}

void CacheWriter::remove_leftovers() const {
  const auto listed = [&](const std::string& name) {
    return std::any_of(manifest_.shards.begin(), manifest_.shards.end(),
                       [&](const ShardRecord& shard) { return shard.file == name; });
  };
  for (const std::string& name : list_folder(folder_)) {
    const bool shard = is_shard_name(name) && !listed(name);
    if (!shard && name != "manifest.json.partial") continue;
    std::error_code error;
    if (std::filesystem::remove(folder_ / name, error); error) {
      throw FileError("cache", fmt::format("cannot remove the leftover {}: {}",
                                           (folder_ / name).string(), error.message()));
    }
  }
}

std::int64_t CacheWriter::next_pair() const { return manifest_.pairs_done() + buffered_; }

std::int64_t CacheWriter::shard_pairs() const {
  return manifest_.description.pairs_in_shard(static_cast<std::int64_t>(manifest_.shards.size()));
}

void CacheWriter::check(const Activations& batch) const {
  const CacheDescription& description = manifest_.description;
  if (batch.size() != description.sites.size()) {
    throw UsageError("cache", fmt::format("append() got {} sites, the cache has {}", batch.size(),
                                          description.sites.size()));
  }
  const std::int64_t pairs = batch.begin()->second.positive.size(0);
  if (pairs > description.pairs - next_pair()) {
    throw UsageError("cache", fmt::format("append() got {} pairs, only {} are missing", pairs,
                                          description.pairs - next_pair()));
  }
  for (const CachedSite& site : description.sites) {
    const auto found = batch.find(site.name);
    if (found == batch.end()) {
      throw UsageError("cache", fmt::format("append() got no activations at site {}", site.name));
    }
    for (const auto& [values, side] : {std::pair{&found->second.positive, "positive"},
                                       std::pair{&found->second.negative, "negative"}}) {
      check_shape(*values, site, description.dtype, pairs);
      check_finite(*values, site.name, side, next_pair());
    }
  }
}

void CacheWriter::append(const Activations& batch) {
  check(batch);
  const std::int64_t pairs = batch.begin()->second.positive.size(0);
  for (std::int64_t taken = 0; taken < pairs;) {
    const std::int64_t count = std::min(pairs - taken, shard_pairs() - buffered_);
    for (const CachedSite& site : manifest_.description.sites) {
      const SiteActivations& from = batch.at(site.name);
      SiteActivations& to = buffer_[site.name];
      const auto copy = [&](at::Tensor& target, const at::Tensor& source) {
        if (!target.defined()) {
          target = at::empty({shard_pairs(), site.layers, site.width},
                             at::TensorOptions().dtype(source.scalar_type()));
        }
        target.narrow(0, buffered_, count).copy_(source.narrow(0, taken, count));
      };
      copy(to.positive, from.positive);
      copy(to.negative, from.negative);
    }
    buffered_ += count;
    taken += count;
    if (buffered_ == shard_pairs()) write_full_shard();
  }
}

void CacheWriter::write_full_shard() {
  const auto index = static_cast<std::int64_t>(manifest_.shards.size());
  manifest_.shards.push_back(write_shard(folder_, manifest_.description, index, buffer_));
  buffer_.clear();
  buffered_ = 0;
  write_manifest(manifest_, folder_);
}

void CacheWriter::finish() {
  if (manifest_.complete) return;
  if (next_pair() < manifest_.description.pairs) {
    throw UsageError("cache", fmt::format("finish() after {} of {} pairs", next_pair(),
                                          manifest_.description.pairs));
  }
  manifest_.complete = true;
  write_manifest(manifest_, folder_);
}

}  // namespace austeer
