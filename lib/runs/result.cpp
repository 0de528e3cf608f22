#include "runs/result.hpp"

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/names.hpp"
#include "base/scan.hpp"
#include "base/version.hpp"
#include "models/load.hpp"

namespace austeer {

std::filesystem::path default_result_path(const std::string& kind, const std::string& task,
                                          const Json& configuration) {
  const std::string digest = sha256(to_text(configuration)).substr(0, 12);
  return results_folder / fmt::format("{}-{}-{}.json", kind, task, digest);
}

std::filesystem::path items_path(const std::filesystem::path& result) {
  std::filesystem::path items = result;
  if (items.extension() == ".json" || items.extension() == ".jsonl") items.replace_extension();
  return items += ".jsonl";
}

void check_result_path(const std::filesystem::path& result) {
  if (items_path(result) == result) {
    throw UsageError("result", result.string() + " is the name that the items get",
                     "Give the result a name that ends in .json");
  }
  AtomicFile{result};
}

void write_result(const std::filesystem::path& result, const std::string& kind,
                  const Json& configuration, const Json& outcome, const Json& timings,
                  const std::vector<Json>& items) {
  check_result_path(result);
  const std::filesystem::path items_file = items_path(result);
  std::string lines;
  for (const Json& item : items) lines += to_text(item) + "\n";
  write_file(items_file, lines);

  const Json document = {
      {"schema", 1},
      {"kind", kind},
      {"versions",
       {{"austeer", version()}, {"git", git_describe()}, {"libtorch", libtorch_version()}}},
      {"configuration", configuration},
      {"outcome", outcome},
      {"timings", timings},
      {"items", {{"file", items_file.filename().string()}, {"sha256", sha256(lines)}}}};
  write_file(result, to_text(document, 2) + "\n");
}

namespace {

constexpr int known_schema = 1;

void check_kind(const Json& document, const std::filesystem::path& file, const std::string& kind) {
  Fields fields(document, file.string());
  const auto schema = fields.required<int>("schema");
  if (schema != known_schema) fields.refuse("schema", std::to_string(known_schema), schema);
  const auto found = fields.required<std::string>("kind");
  if (found != kind)
    fields.refuse("kind", fmt::format("{}, a result of `austeer {}`", kind, kind), found);
  for (const char* key : {"configuration", "outcome"}) fields.object(key);
}

/// The items' file and the hash that the result says it has.
std::pair<std::filesystem::path, std::string> items_of(const Json& document,
                                                       const std::filesystem::path& file) {
  Fields fields(document, file.string());
  Fields items = fields.object("items");
  const auto name = items.required<std::string>("file");
  if (!is_inner_path(name) || name.find('/') != std::string::npos) {
    items.refuse("file", "the name of a file beside the result", name);
  }
  return {file.parent_path() / name, items.required<std::string>("sha256")};
}

}  // namespace

Result read_result(const std::filesystem::path& file, const std::string& kind) {
  const std::string bytes = read_file(file);
  Result result;
  result.document = parse_json(bytes, file.string());
  result.sha256 = sha256(bytes);
  check_kind(result.document, file, kind);
  const auto [items_file, items_sha256] = items_of(result.document, file);
  result.items_file = items_file;
  const std::string lines = read_file(items_file);
  if (sha256(lines) != items_sha256) {
    throw FormatError({fmt::format("[result] {}", items_file.string()),
                       "the items that the result was written with, sha256 " + items_sha256,
                       sha256(lines), "Was one of the two files replaced or edited?"});
  }
  for (const std::string_view line : lines_of(lines)) {
    result.items.push_back(
        parse_json(line, fmt::format("{}:{}", items_file.string(), result.items.size() + 1)));
  }
  return result;
}

}  // namespace austeer
