#include "cache/writer.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "base/hash.hpp"
#include "base/scan.hpp"

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
  std::string_view rest = name.substr(prefix.size());
  const auto index = take_number<std::int64_t>(rest).value_or(-1);
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

/// The pair that row `row` of a side's tensor belongs to, and which of its rows it is.
std::pair<std::int64_t, std::int64_t> pair_of_row(const CachedSite& site,
                                                  const std::vector<std::int64_t>& answer_tokens,
                                                  std::int64_t first_pair, std::int64_t row) {
  if (!site.has_token_rows()) return {first_pair + row, 0};
  std::int64_t pair = first_pair;
  while (row >= answer_tokens.at(static_cast<std::size_t>(pair))) {
    row -= answer_tokens[static_cast<std::size_t>(pair++)];
  }
  return {pair, row};
}

/// Throws for the first value of `values` [rows, kept layers, width] that is not finite.
void check_finite(const at::Tensor& values, const CachedSite& site, const char* side,
                  const std::vector<std::int64_t>& answer_tokens, std::int64_t first_pair) {
  if (at::isfinite(values).all().item<bool>()) return;
  const at::Tensor place = at::isfinite(values).logical_not().nonzero()[0].cpu();
  const auto index = [&](int axis) { return place[axis].item<std::int64_t>(); };
  const float value = values[index(0)][index(1)][index(2)].item<float>();
  const auto [pair, token] = pair_of_row(site, answer_tokens, first_pair, index(0));
  const std::string answer =
      site.has_token_rows() ? fmt::format(" of token {} of the answer", token) : "";
  throw ComputeError(
      {fmt::format(
           "[cache] pair {}: the {} activation{} at site {}, layer {}, dim {} is not finite", pair,
           side, answer, site.key(), site.layer(index(1)), index(2)),
       "", fmt::format("{}", value),
       "A model that overflows in float16 may be sound in bfloat16 or float32 (--dtype)"});
}

void check_shape(const at::Tensor& values, const CachedSite& site, at::ScalarType dtype,
                 std::int64_t rows) {
  if (values.dim() == 3 && values.size(0) == rows && values.size(1) == site.kept() &&
      values.size(2) == site.width && values.scalar_type() == dtype) {
    return;
  }
  throw UsageError(
      {fmt::format("[cache] activations at site {} do not fit the cache", site.key()),
       fmt::format("{} [{}, {}, {}]", c10::toString(dtype), rows, site.kept(), site.width),
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
  filled_ = manifest_.pairs_done();
}

void CacheWriter::resume() {
  Manifest found = read_manifest(folder_);
  if (const auto field = difference(manifest_.description, found.description)) {
    throw UsageError("cache",
                     fmt::format("{} is a cache of other activations: it differs in {}",
                                 folder_.string(), *field),
                     "Choose another --out, or delete the folder to collect it anew");
  }
  found.description.void_pairs = std::move(manifest_.description.void_pairs);
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

std::int64_t CacheWriter::next_pair() const { return filled_ + buffered_; }

std::int64_t CacheWriter::shard_pairs() const {
  const CacheDescription& description = manifest_.description;
  return description.pairs_in_shard(filled_ / description.pairs_per_shard);
}

/// How many pairs `batch` is of: as many as its first site has rows for.
std::int64_t CacheWriter::pairs_of(const Activations& batch) const {
  const CacheDescription& description = manifest_.description;
  for (const CachedSite& site : description.sites) {
    const auto found = batch.find(site.key());
    if (found == batch.end()) {
      throw UsageError("cache", fmt::format("append() got no activations at site {}", site.key()));
    }
  }
  const CachedSite& site = description.sites.front();
  const at::Tensor& positive = batch.at(site.key()).positive;
  const std::int64_t rows = positive.dim() > 0 ? positive.size(0) : 0;
  if (!site.has_token_rows()) return rows;
  std::int64_t tokens = 0;
  std::int64_t pairs = 0;
  while (tokens < rows && next_pair() + pairs < description.pairs) {
    tokens += description.answer_tokens.positive[static_cast<std::size_t>(next_pair() + pairs++)];
  }
  return pairs;
}

void CacheWriter::check(const Activations& batch, std::int64_t pairs) const {
  const CacheDescription& description = manifest_.description;
  if (pairs > description.pairs - next_pair()) {
    throw UsageError("cache", fmt::format("append() got {} pairs, only {} are missing", pairs,
                                          description.pairs - next_pair()));
  }
  const auto& [positive_tokens, negative_tokens] = description.answer_tokens;
  for (const CachedSite& site : description.sites) {
    const auto& [positive, negative] = batch.at(site.key());
    const SiteRows rows = description.rows(site, next_pair(), pairs);
    check_shape(positive, site, description.dtype, rows.positive);
    check_shape(negative, site, description.dtype, rows.negative);
    check_finite(positive, site, "positive", positive_tokens, next_pair());
    check_finite(negative, site, "negative", negative_tokens, next_pair());
  }
}

void CacheWriter::append(const Activations& batch) {
  rethrow_failure();
  if (batch.size() != manifest_.description.sites.size()) {
    throw UsageError("cache", fmt::format("append() got {} sites, the cache has {}", batch.size(),
                                          manifest_.description.sites.size()));
  }
  const std::int64_t pairs = pairs_of(batch);
  check(batch, pairs);
  for (std::int64_t taken = 0; taken < pairs;) {
    const std::int64_t count = std::min(pairs - taken, shard_pairs() - buffered_);
    buffer(batch, taken, count);
    taken += count;
    if (buffered_ == shard_pairs()) write_full_shard();
  }
}

/// Copies the pairs [taken, taken + count) of `batch` behind those that are buffered.
void CacheWriter::buffer(const Activations& batch, std::int64_t taken, std::int64_t count) {
  const CacheDescription& description = manifest_.description;
  const std::int64_t batch_start = next_pair() - taken;
  for (const CachedSite& site : description.sites) {
    const SiteRows whole = description.rows(site, filled_, shard_pairs());
    const SiteRows to = description.rows(site, filled_, buffered_);
    const SiteRows from = description.rows(site, batch_start, taken);
    const SiteRows rows = description.rows(site, next_pair(), count);
    const auto copy = [&](at::Tensor& target, const at::Tensor& source, auto side) {
      if (!target.defined()) {
        target = at::empty({whole.*side, site.kept(), site.width},
                           at::TensorOptions().dtype(source.scalar_type()));
      }
      target.narrow(0, to.*side, rows.*side).copy_(source.narrow(0, from.*side, rows.*side));
    };
    SiteActivations& target = buffer_[site.key()];
    copy(target.positive, batch.at(site.key()).positive, &SiteRows::positive);
    copy(target.negative, batch.at(site.key()).negative, &SiteRows::negative);
  }
  buffered_ += count;
}

void CacheWriter::write_full_shard() {
  if (writing_.valid()) writing_.get();
  const std::int64_t index = filled_ / manifest_.description.pairs_per_shard;
  writing_ = std::async(std::launch::async, [this, index, full = std::exchange(buffer_, {})] {
    manifest_.shards.push_back(write_shard(folder_, manifest_.description, index, full));
    write_manifest(manifest_, folder_);
  });
  filled_ += buffered_;
  buffered_ = 0;
}

/// Throws what a shard's thread that has ended threw; does not wait for one that has not.
void CacheWriter::rethrow_failure() const {
  if (!writing_.valid()) return;
  if (writing_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) writing_.get();
}

void CacheWriter::finish() {
  if (writing_.valid()) writing_.get();
  if (manifest_.complete) return;
  if (manifest_.pairs_done() < manifest_.description.pairs) {
    throw UsageError("cache", fmt::format("finish() after {} of {} pairs", next_pair(),
                                          manifest_.description.pairs));
  }
  manifest_.complete = true;
  write_manifest(manifest_, folder_);
}

}  // namespace austeer
