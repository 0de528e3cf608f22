#include "runs/result.hpp"

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/hash.hpp"
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

}  // namespace austeer
