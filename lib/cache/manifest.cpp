#include "cache/manifest.hpp"

#include <fmt/format.h>

#include "base/files.hpp"

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

ShardRecord shard_from_json(const Json& element, std::int64_t index,
                            const CacheDescription& description, const std::string& place) {
  Fields fields(element, fmt::format("{}: shard {}", place, index));
  ShardRecord record{fields.required<std::string>("file"), fields.required<std::int64_t>("pairs"),
                     fields.required<std::string>("sha256")};
  fields.refuse_unknown();
  if (index >= description.shards()) {
    throw FormatError({fmt::format("{}: too many shards", place),
                       std::to_string(description.shards()), "more", start_again});
  }
  if (record.file != shard_name(index) || record.pairs != description.pairs_in_shard(index)) {
    throw FormatError(
        {fields.place() + " does not fit the cache",
         fmt::format("{} with {} pairs", shard_name(index), description.pairs_in_shard(index)),
         fmt::format("{} with {} pairs", record.file, record.pairs), start_again});
  }
  return record;
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
  json.update(to_json(manifest.description));
  json["complete"] = manifest.complete;
  json["shards"] = Json::array();
  for (const ShardRecord& shard : manifest.shards) {
    json["shards"].push_back(
        {{"file", shard.file}, {"pairs", shard.pairs}, {"sha256", shard.sha256}});
  }
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
  Manifest manifest;
  manifest.description = description_from_json(fields);
  check_key(manifest, fields.required<std::string>("key"), place);
  manifest.complete = fields.required<bool>("complete");
  const Json& shards = fields.value("shards");
  fields.refuse_unknown();
  if (!shards.is_array()) {
    throw FormatError({place + ": shards", "a list", shards.type_name(), start_again});
  }
  for (const Json& element : shards) {
    const auto index = static_cast<std::int64_t>(manifest.shards.size());
    manifest.shards.push_back(shard_from_json(element, index, manifest.description, place));
  }
  if (manifest.complete && manifest.pairs_done() != manifest.description.pairs) {
    throw FormatError({fmt::format("{}: marked complete, but shards are missing", place),
                       fmt::format("{} pairs", manifest.description.pairs),
                       std::to_string(manifest.pairs_done()), start_again});
  }
  return manifest;
}

}  // namespace austeer
