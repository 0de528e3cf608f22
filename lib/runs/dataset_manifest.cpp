#include "runs/dataset_manifest.hpp"

#include <fmt/format.h>

#include "base/config_files.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/names.hpp"
#include "runs/archive.hpp"

namespace austeer {
namespace {

std::string plain_name(Fields& fields, const std::string& key) {
  std::string name = fields.required<std::string>(key);
  if (!is_plain_name(name)) {
    fields.refuse(key, "a plain name of letters, digits, '.', '_' and '-'", name);
  }
  return name;
}

DatasetFile read_file_entry(Fields fields) {
  DatasetFile entry;
  entry.file = plain_name(fields, "file");
  entry.registration = fields.optional<std::string>("registration", "");
  if (entry.registration.empty()) {
    entry.urls = fields.required<std::vector<std::string>>("urls");
    if (entry.urls.empty()) fields.refuse("urls", "one address or more", Json::array());
  }
  entry.member = fields.optional<std::string>("member", "");
  if (!entry.member.empty()) {
    if (!is_inner_path(entry.member)) {
      fields.refuse("member", "a relative path inside the archive, without '..'", entry.member);
    }
    for (const std::string& url : entry.urls) {
      if (!is_archive_name(url)) fields.refuse("urls", "addresses of .zip or .tgz files", url);
    }
  }
  entry.sha256 = fields.required<std::string>("sha256");
  if (entry.sha256 == "unverified") {
    entry.sha256.clear();
  } else if (!is_sha256(entry.sha256)) {
    fields.refuse("sha256", "64 lower-case hex digits, or unverified", entry.sha256);
  }
  if (fields.has("bytes")) {
    entry.bytes = fields.required<std::int64_t>("bytes");
    if (*entry.bytes <= 0) fields.refuse("bytes", "a positive number", *entry.bytes);
  }
  fields.refuse_unknown();
  return entry;
}

Citation read_citation(Fields fields) {
  Citation citation;
  citation.key = fields.required<std::string>("key");
  citation.authors = fields.required<std::string>("authors");
  citation.title = fields.required<std::string>("title");
  citation.venue = fields.required<std::string>("venue");
  citation.year = fields.required<std::int64_t>("year");
  fields.refuse_unknown();
  return citation;
}

/// Calls `read` with the fields of each object in the non-empty list at `key`.
template <typename Read>
void each_object(Fields& fields, const std::string& key, const Read& read) {
  const Json& list = fields.value(key);
  if (!list.is_array() || list.empty()) fields.refuse(key, "a list", list);
  for (std::size_t i = 0; i < list.size(); ++i) {
    read(Fields(list[i], fmt::format("{}: {}[{}]", fields.place(), key, i)));
  }
}

}  // namespace

std::vector<std::string> dataset_manifest_names(const std::filesystem::path& manifests_folder) {
  return config_names(manifests_folder);
}

DatasetManifest load_dataset_manifest(const std::string& name,
                                      const std::filesystem::path& manifests_folder) {
  const std::filesystem::path file = config_file("dataset", name, manifests_folder);
  const Json json = read_yaml(file);
  Fields fields(json, file.string());
  DatasetManifest manifest;
  manifest.name = plain_name(fields, "name");
  if (manifest.name != name) {
    fields.refuse("name", fmt::format("the file's own name, '{}'", name), manifest.name);
  }
  manifest.folder = plain_name(fields, "folder");
  manifest.homepage = fields.required<std::string>("homepage");
  manifest.licence = fields.required<std::string>("licence");
  manifest.notes = fields.optional<std::string>("notes", "");
  each_object(fields, "citations",
              [&](Fields entry) { manifest.citations.push_back(read_citation(std::move(entry))); });
  each_object(fields, "files",
              [&](Fields entry) { manifest.files.push_back(read_file_entry(std::move(entry))); });
  fields.refuse_unknown();
  return manifest;
}

}  // namespace austeer
