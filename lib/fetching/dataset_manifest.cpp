#include "fetching/dataset_manifest.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <string>
#include <vector>

#include "base/child_process.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/names.hpp"
#include "base/paths.hpp"
#include "fetching/archive.hpp"
#include "fetching/fetched_file.hpp"

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

/// The records that a step takes by the value of a field, in the order of the values.
Json read_pick(Fields fields) {
  const auto prefix = fields.optional<std::string>("prefix", "");
  Json values = Json::array();
  for (const Json& value : fields.value("values")) {
    if (value.is_structured() || value.is_null())
      fields.refuse("values", "texts or numbers", value);
    values.push_back(prefix + (value.is_string() ? value.get<std::string>() : to_text(value)));
  }
  if (values.empty()) fields.refuse("values", "one value or more", values);
  Json pick = {{"field", fields.required<std::string>("field")}, {"values", values}};
  pick["rest"] = false;
  fields.refuse_unknown();
  return pick;
}

Json read_split(Fields fields) {
  const auto into = fields.required<std::vector<std::string>>("into");
  if (into.size() != 2) fields.refuse("into", "two names of fields", fields.value("into"));
  Json split = {{"field", fields.required<std::string>("field")},
                {"at", fields.required<std::string>("at")},
                {"into", into}};
  if (split["at"].get<std::string>().empty()) fields.refuse("at", "a text", "");
  fields.refuse_unknown();
  return split;
}

Json read_new_fields(Fields fields, const Json& object) {
  Json names = Json::object();
  for (const auto& [name, unused] : object.items()) {
    names[name] = fields.required<std::string>(name);
  }
  return names;
}

void read_count(Fields& fields, const std::string& key, Json& how) {
  if (!fields.has(key)) return;
  how[key] = fields.required<std::int64_t>(key);
  if (how[key] < 1) fields.refuse(key, "a positive number", how[key]);
}

/// `before` are the steps above this one.
DatasetStep read_step(Fields fields, const std::vector<DatasetStep>& before) {
  DatasetStep step{plain_name(fields, "file"), plain_name(fields, "from"), {}};
  if (!step.file.ends_with(".json") && !step.file.ends_with(".jsonl")) {
    fields.refuse("file", "a name that ends with .json or .jsonl", step.file);
  }
  const std::string extension = std::filesystem::path(step.from).extension();
  if (extension != ".json" && extension != ".jsonl" && extension != ".csv" &&
      extension != ".parquet") {
    fields.refuse("from", "a name that ends with .json, .jsonl, .csv or .parquet", step.from);
  }
  step.how["file"] = step.file;
  fields.value("records");
  for (const char* key : {"records", "first", "skip"}) read_count(fields, key, step.how);
  if (fields.has("pick")) step.how["pick"] = read_pick(fields.object("pick"));
  if (fields.has("rest_of")) {
    const auto name = fields.required<std::string>("rest_of");
    const auto other = std::ranges::find(before, name, &DatasetStep::file);
    if (other == before.end() || !other->how.contains("pick") || other->from != step.from ||
        step.how.contains("pick")) {
      fields.refuse("rest_of", "the file of a step above that picks from the same file", name);
    }
    step.how["pick"] = other->how["pick"];
    step.how["pick"]["rest"] = true;
  }
  if (fields.has("split")) step.how["split"] = read_split(fields.object("split"));
  if (fields.has("fields")) {
    step.how["fields"] = read_new_fields(fields.object("fields"), fields.value("fields"));
  }
  fields.refuse_unknown();
  return step;
}

/// Every step reads a file that fetch brings and that no step makes, and makes one of its own.
void check_steps(const DatasetManifest& manifest, const Fields& fields) {
  for (const DatasetStep& step : manifest.convert) {
    const auto makes = std::ranges::count(manifest.convert, step.file, &DatasetStep::file);
    const auto brought = std::ranges::count(manifest.files, step.from, &DatasetFile::file);
    if (makes == 1 && brought == 1 && manifest.step_for(step.from) == nullptr) continue;
    throw FormatError({fmt::format("{}: convert: {}", fields.place(), step.file),
                       "one step for a file, from a file under `files` that no step makes",
                       fmt::format("{} steps, from {}", makes, step.from), ""});
  }
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

const DatasetStep* DatasetManifest::step_for(const std::string& name) const {
  const auto found = std::ranges::find(convert, name, &DatasetStep::file);
  return found == convert.end() ? nullptr : &*found;
}

bool DatasetManifest::is_source(const std::string& name) const {
  return std::ranges::find(convert, name, &DatasetStep::from) != convert.end();
}

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
              [&](Fields entry) { read_settings(entry, manifest.citations.emplace_back()); });
  each_object(fields, "files",
              [&](Fields entry) { manifest.files.push_back(read_file_entry(std::move(entry))); });
  if (fields.has("convert")) {
    each_object(fields, "convert", [&](Fields entry) {
      manifest.convert.push_back(read_step(std::move(entry), manifest.convert));
    });
    check_steps(manifest, fields);
  }
  fields.refuse_unknown();
  return manifest;
}

namespace {

// Exit statuses of datasets/convert.py; Python itself uses 1 and 2.
constexpr int another_source = 10;
constexpr int no_pyarrow = 11;
constexpr int damaged_source = 12;
constexpr int full_disk = 13;
constexpr int refused_by_system = 14;

[[noreturn]] void refuse(const ChildResult& result, const DatasetStep& step,
                         const std::filesystem::path& source) {
  const std::string what = fmt::format("[convert] {}", source.string());
  const std::string said = result.last_lines(1);
  switch (result.status) {
    case another_source:
      throw FormatError({what, fmt::format("what {} is made of", step.file), said,
                         "The manifest and the file do not belong together: the file may have "
                         "changed at its source"});
    case damaged_source:
      throw FormatError({what, fmt::format("a whole {} file", source.extension().string()),
                         fmt::format("a damaged one ({})", said),
                         "Move it away, with its .sha256, and fetch it again"});
    case full_disk:
      throw FileError({fmt::format("[convert] cannot write {}", step.file), "", said,
                       "The disk is full; free some space and run again"});
    case refused_by_system:
      throw FileError({fmt::format("{}: cannot make {} of it", what, step.file), "", said, ""});
    default:
      throw FileError({fmt::format("{}: making {} of it failed", what, step.file), "",
                       result.last_lines(5), "AUSTEER_PYTHON names the Python that is used"});
  }
}

/// Lets pip bring what reads Parquet files to `folder`.
void bring_pyarrow(const std::filesystem::path& folder) {
  spdlog::info("bringing pyarrow, which reads Parquet files, to {}", folder.string());
  const ChildResult pip =
      run_child({python_program(), "-m", "pip", "install", "--disable-pip-version-check", "--quiet",
                 "--only-binary=:all:", "--target", folder.string(), "pyarrow==26.0.1"},
                python_options());
  if (pip.status == 0) return;
  throw FileError({"[convert] pip could not bring pyarrow, which reads Parquet files", "",
                   pip.last_lines(6),
                   fmt::format("Install it where {} finds it, or let AUSTEER_PYTHON name a Python "
                               "that has it",
                               python_program())});
}

}  // namespace

void convert_file(const DatasetStep& step, const std::filesystem::path& source,
                  const std::filesystem::path& target) {
  const std::filesystem::path how = target.string() + ".step";
  const RemoveAtEnd removal(how);
  write_file(how, to_text(step.how));
  const std::filesystem::path packages = home_folder() / "python";
  const std::vector<std::string> command = {python_program(),
                                            "-I",
                                            "-B",
                                            (project_folder("datasets") / "convert.py").string(),
                                            std::filesystem::absolute(source).string(),
                                            std::filesystem::absolute(target).string(),
                                            std::filesystem::absolute(how).string(),
                                            std::filesystem::absolute(packages).string()};
  ChildResult result = run_child(command, python_options());
  if (result.status == no_pyarrow) {
    bring_pyarrow(packages);
    result = run_child(command, python_options());
  }
  if (result.status == 0) return;
  std::error_code ignored;
  std::filesystem::remove(target, ignored);
  refuse(result, step, source);
}

}  // namespace austeer
