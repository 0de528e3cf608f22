#include "cache/manifest.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "base/files.hpp"
#include "base/scan.hpp"

namespace austeer {

namespace {

constexpr const char* schema = "austeer activation cache";
constexpr int version = 3;
constexpr const char* start_again = "Delete the folder and collect again";

void check_schema(Fields& fields) {
  const auto found_schema = fields.required<std::string>("schema");
  const auto found_version = fields.required<std::int64_t>("version");
  if (found_schema == schema && found_version == version) return;
  throw FormatError({fmt::format("{}: not a cache that this version reads", fields.place()),
                     fmt::format("{} version {}", schema, version),
                     fmt::format("{} version {}", found_schema, found_version), start_again});
}

void check_shards(const Manifest& manifest, const std::string& place) {
  const CacheDescription& description = manifest.description;
  for (std::int64_t i = 0; i < std::ssize(manifest.shards); ++i) {
    if (i >= description.shards()) {
      throw FormatError({fmt::format("{}: too many shards", place),
                         std::to_string(description.shards()), "more", start_again});
    }
    const ShardRecord& record = manifest.shards[static_cast<std::size_t>(i)];
    if (record.file == shard_name(i) && record.pairs == description.pairs_in_shard(i)) continue;
    throw FormatError(
        {fmt::format("{}: shard {} does not fit the cache", place, i),
         fmt::format("{} with {} pairs", shard_name(i), description.pairs_in_shard(i)),
         fmt::format("{} with {} pairs", record.file, record.pairs), start_again});
  }
  if (manifest.complete && manifest.pairs_done() != description.pairs) {
    throw FormatError({fmt::format("{}: marked complete, but shards are missing", place),
                       fmt::format("{} pairs", description.pairs),
                       std::to_string(manifest.pairs_done()), start_again});
  }
}

void check_key(const Manifest& manifest, const std::string& key, const std::string& place) {
  if (key == manifest.description.key()) return;
  throw FormatError({fmt::format("{}: the key does not belong to the description", place),
                     manifest.description.key(), key, start_again});
}

}  // namespace

std::int64_t Manifest::pairs_done() const {
  std::int64_t pairs = 0;
  for (const ShardRecord& shard : shards) pairs += shard.pairs;
  return pairs;
}

std::string shard_name(std::int64_t index) { return fmt::format("shard-{:05}.safetensors", index); }

std::filesystem::path manifest_path(const std::filesystem::path& folder) {
  return folder / "manifest.json";
}

bool has_manifest(const std::filesystem::path& folder) {
  std::error_code error;
  const bool exists = std::filesystem::exists(manifest_path(folder), error);
  if (error) {
    throw FileError("cache", fmt::format("cannot read {}: {}", manifest_path(folder).string(),
                                         error.message()));
  }
  return exists;
}

void write_manifest(const Manifest& manifest, const std::filesystem::path& folder) {
  Json json = {{"schema", schema}, {"version", version}, {"key", manifest.description.key()}};
  json.update(settings_json(manifest));
  write_file(manifest_path(folder), to_text(json, 1) + "\n");
}

Manifest read_manifest(const std::filesystem::path& folder) {
  const std::string place = manifest_path(folder).string();
  if (!has_manifest(folder)) {
    throw FileError(
        "cache",
        fmt::format("{} is not an activation cache: it has no manifest.json", folder.string()),
        "Make one with collect");
  }
  const Json json = read_json(manifest_path(folder));
  Fields fields(json, place);
  check_schema(fields);
  const auto key = fields.required<std::string>("key");
  Manifest manifest;
  read_settings(fields, manifest);
  if (const auto wrong = flaw(manifest.description)) {
    throw FormatError({fmt::format("{}: {}", place, *wrong), "", "", ""});
  }
  check_key(manifest, key, place);
  check_shards(manifest, place);
  return manifest;
}

namespace {

/// The number in the name of an added part, or 0 for other names.
std::int64_t part_number(std::string_view name) {
  constexpr std::string_view prefix = "added-";
  if (!name.starts_with(prefix)) return 0;
  const auto number = parse_number<std::int64_t>(name.substr(prefix.size())).value_or(0);
  return number >= 1 && name == added_part_name(number) ? number : 0;
}

std::vector<std::int64_t> part_numbers(const std::filesystem::path& folder) {
  std::vector<std::int64_t> numbers;
  for (const std::string& name : list_folder(folder)) {
    if (const std::int64_t number = part_number(name); number > 0) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

std::string added_part_name(std::int64_t number) { return fmt::format("added-{:02}", number); }

std::vector<std::filesystem::path> added_parts(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> parts;
  for (const std::int64_t number : part_numbers(folder)) {
    const std::filesystem::path part = folder / added_part_name(number);
    if (has_manifest(part)) parts.push_back(part);
  }
  return parts;
}

std::filesystem::path next_added_part(const std::filesystem::path& folder) {
  const std::vector<std::int64_t> numbers = part_numbers(folder);
  for (const std::int64_t number : numbers) {
    if (!has_manifest(folder / added_part_name(number))) return folder / added_part_name(number);
  }
  return folder / added_part_name(numbers.empty() ? 1 : numbers.back() + 1);
}

}  // namespace austeer
