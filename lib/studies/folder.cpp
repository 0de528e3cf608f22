#include "studies/folder.hpp"

#include <numeric>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "runs/result.hpp"

namespace austeer {
namespace {

constexpr const char* failed_kind = "failed";

std::optional<double> number_at(Fields& fields, const std::string& key) {
  if (!fields.has(key)) return std::nullopt;
  return fields.required<double>(key);
}

}  // namespace

void StudyFolder::make() const {
  for (const char* name : {"caches", "rankings", "cells", "outcomes", "locks"}) {
    make_folder(root_ / name);
  }
}

std::string short_digest(const Json& value) { return sha256(to_text(value)).substr(0, 16); }

double CellResult::accuracy() const {
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
}

std::optional<CellResult> read_cell(const StudyFolder& folder, const std::string& key) {
  const std::filesystem::path file = folder.cell(key);
  if (!std::filesystem::exists(file)) return std::nullopt;
  CellResult cell;
  cell.key = key;
  const Json document = read_json(file);
  Fields fields(document, file.string());
  if (fields.required<std::string>("kind") == failed_kind) {
    cell.failed = fields.required<std::string>("reason");
    return cell;
  }
  const Result result = read_result(file, "eval");
  Fields outcome(result.document.at("outcome"), file.string());
  cell.activations_per_token = outcome.optional<std::int64_t>("activations_per_token", 0);
  cell.is_detoxification = outcome.has("toxic_rate");
  cell.cost = number_at(outcome, "cost");
  cell.fluency = number_at(outcome, "fluency");
  cell.is_for_judge = outcome.optional<std::string>("metric", "") == "judge";
  if (cell.is_for_judge) {
    cell.scores.assign(result.items.size(), 0);  // until take_verdicts()
    return cell;
  }
  for (const Json& item : result.items) {
    cell.scores.push_back(Fields(item, file.string()).required<bool>("correct") ? 1 : 0);
  }
  const Json& configuration = result.document.at("configuration");
  if (configuration.contains("task") && configuration.at("task").is_object()) {
    cell.form = answer_form(configuration.at("task"), outcome.optional<std::string>("metric", ""),
                            result.items, file.string());
  }
  return cell;
}

void write_failed_cell(const StudyFolder& folder, const std::string& key,
                       const std::string& reason) {
  const Json document = {{"schema", 1}, {"kind", failed_kind}, {"reason", reason}};
  write_file(folder.cell(key), to_text(document, 2) + "\n");
}

}  // namespace austeer
