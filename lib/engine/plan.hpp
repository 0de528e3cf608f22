#pragma once
// A plan is what the engine carries out: edits of units at sites (DESIGN §3). Methods make plans,
// the engine knows nothing of methods.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "models/site.hpp"

namespace austeer {

/// What an edit does to the activation x of a unit with the value v.
enum class Operation {
  scale,     ///< x <- x * (1 + v)
  directed,  ///< x <- x + v * |x|
};

/// The edit of some units of one site of one layer, at every token position. `dims` and `values`
/// have the same length; dims are distinct and ascending.
struct Edit {
  Site site;
  std::int64_t layer;
  Operation operation;
  std::vector<std::int64_t> dims;
  std::vector<float> values;

  bool operator==(const Edit&) const = default;
};

struct Plan {
  std::vector<Edit> edits;
  /// Where the plan comes from: model, ranking, method, k, alpha, rule.
  Json provenance = Json::object();

  /// Number of units that are edited.
  std::int64_t units() const;
};

/// Writes `plan` as one safetensors file (tensors `edit.N.dims`, `edit.N.values`; the rest in the
/// metadata). Throws FileError.
void save_plan(const Plan& plan, const std::filesystem::path& file);

/// Reads and checks what save_plan wrote. Throws FileError, FormatError.
Plan load_plan(const std::filesystem::path& file);

}  // namespace austeer
