#pragma once
// A plan is what the engine carries out: edits of units at sites. Methods make plans,
// the engine knows nothing of methods.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "plans/units.hpp"

namespace austeer {

/// What an edit does to the activation x of a unit with the value v.
enum class Operation {
  scale,     ///< x <- x * (1 + v)
  directed,  ///< x <- x + v * |x|
  add,       ///< x <- x + v
  set,       ///< x <- v
  clamp,     ///< x <- x0 * (1 + v), x0: what x is in an unsteered pass over the same prompt
};

constexpr auto enum_table(Operation) {
  return EnumTable{
      "plan", "operation",
      std::array{std::pair{"scale", Operation::scale}, std::pair{"directed", Operation::directed},
                 std::pair{"add", Operation::add}, std::pair{"set", Operation::set},
                 std::pair{"clamp", Operation::clamp}}};
}

inline std::string operation_name(Operation operation) { return enum_name(operation); }

/// Which tokens of a text an edit acts on.
enum class Positions {
  all,               ///< every token
  last_prompt,       ///< the prompt's last token alone
  last,              ///< the newest token of each pass: the prompt's last, then each generated one
  from_last_prompt,  ///< the prompt's last token and all that follow it, generated or given
};

constexpr auto enum_table(Positions) {
  return EnumTable{
      "plan", "positions",
      std::array{std::pair{"all", Positions::all}, std::pair{"last_prompt", Positions::last_prompt},
                 std::pair{"last", Positions::last},
                 std::pair{"from_last_prompt", Positions::from_last_prompt}}};
}

inline std::string positions_name(Positions positions) { return enum_name(positions); }

/// The positions called `name`. Throws UsageError with the nearest known ones.
inline Positions parse_positions(std::string_view name) { return enum_value<Positions>(name); }

/// The edit of some units of one site of one layer. `dims` and `values` have the same length; dims
/// are distinct and ascending. `clamp` acts at `last_prompt` alone.
struct Edit {
  Site site;
  std::int64_t layer;
  Operation operation;
  std::vector<std::int64_t> dims;
  std::vector<float> values;
  Positions positions = Positions::all;

  bool operator==(const Edit&) const = default;
};

/// What is beside the tensors of dims and values.
void describe(auto& visit, SettingsOf<Edit> auto& edit) {
  visit(edit.site, {.key = "site", .required = true});
  visit(edit.layer, {.key = "layer", .required = true});
  visit(edit.operation, {.key = "operation", .required = true});
  visit(edit.positions, {.key = "positions", .required = true});
}

/// What is wrong with `edit` by itself, whatever the model; nothing for one that can be carried
/// out.
std::optional<std::string> flaw(const Edit& edit);

struct Plan {
  std::vector<Edit> edits;
  /// Where the plan comes from: model, ranking, method, k, alpha, rule.
  Json provenance = Json::object();

  /// Number of different units that are edited. Units that are clamped to what they are unsteered
  /// do not count.
  std::int64_t units() const;
};

/// Writes `plan` as one safetensors file (tensors `edit.N.dims`, `edit.N.values`; the rest in the
/// metadata). Throws FileError, and UsageError for an edit with a flaw.
void save_plan(const Plan& plan, const std::filesystem::path& file);

/// Reads and checks what save_plan wrote. Throws FileError, FormatError.
Plan load_plan(const std::filesystem::path& file);

}  // namespace austeer
