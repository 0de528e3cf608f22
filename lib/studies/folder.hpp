#pragma once
// Where a study keeps what it has done: caches, rankings, cells and outcomes, each under the digest
// of everything that it depends on, so that nothing is done twice and nothing stale is used.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "runs/answers.hpp"

namespace austeer {

class StudyFolder {
 public:
  explicit StudyFolder(std::filesystem::path root) : root_(std::move(root)) {}

  /// Creates the folders. Throws FileError.
  void make() const;

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path cache(const std::string& key) const { return root_ / "caches" / key; }
  std::filesystem::path ranking(const std::string& key) const {
    return root_ / "rankings" / (key + ".ranking");
  }
  /// A result as `austeer eval` writes it; its items lie beside it.
  std::filesystem::path cell(const std::string& key) const {
    return root_ / "cells" / (key + ".json");
  }
  std::filesystem::path outcome(const std::string& key) const {
    return root_ / "outcomes" / (key + ".json");
  }
  std::filesystem::path lock(const std::string& key) const {
    return root_ / "locks" / (key + ".lock");
  }

 private:
  std::filesystem::path root_;
};

/// A digest short enough for a file's name.
std::string short_digest(const Json& value);

/// An evaluation that is done.
struct CellResult {
  std::string key;
  std::string failed;          ///< why its plan could not be carried out; "" where it could
  std::vector<double> scores;  ///< per item: 1 where it is right, else 0 (studies/judged_task.hpp)
  std::int64_t activations_per_token = 0;
  bool is_detoxification = false;  ///< an item is right where it is not toxic
  std::optional<double> cost;      ///< nats per token; nothing where every answer is empty
  std::optional<double> fluency;   ///< bits
  bool is_for_judge = false;       ///< answers have no scores of their own: a judge compares them
  std::int64_t no_verdict = 0;     ///< items that the judge gave none on; they count as ties
  std::optional<AnswerForm> form;

  double accuracy() const;
};

/// The cell of this key, or nothing where it was not run. Throws FormatError for a broken one.
std::optional<CellResult> read_cell(const StudyFolder& folder, const std::string& key);

/// Records that the plan of a cell cannot be carried out.
void write_failed_cell(const StudyFolder& folder, const std::string& key,
                       const std::string& reason);

}  // namespace austeer
