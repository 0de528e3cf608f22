#pragma once
// --plan and its companions: a file that is a ranking or a plan, and how to steer with it.

#include <filesystem>
#include <optional>
#include <variant>

#include "engine/plan.hpp"
#include "steering/recipe.hpp"

namespace austeer {

struct PlanChoice {
  std::filesystem::path file = {};  ///< empty: do not steer
  PlanRecipe recipe = {};           ///< for a ranking alone
  std::filesystem::path save = {};  ///< where the plan is written; empty: nowhere
  bool force = false;               ///< also steer a model that it was not made for
};

/// A ranking, of which each recipe makes another plan, or a plan, as it was read from a file.
class PlanSource {
 public:
  /// Throws FileError, FormatError.
  explicit PlanSource(const std::filesystem::path& file);

  bool is_ranking() const { return std::holds_alternative<Ranking>(content_); }
  const std::filesystem::path& file() const { return file_; }

  /// The plan by `recipe`. Its provenance names the version that made it of a ranking. Throws what
  /// plan_from_ranking() throws, and UsageError for a recipe beside a plan, which is taken as it
  /// is.
  Plan plan(const PlanRecipe& recipe) const;

 private:
  std::filesystem::path file_;
  std::variant<Ranking, Plan> content_;
};

/// The plan to carry out, or nothing when no file is named; written to `choice.save` where that is
/// not empty. Throws what PlanSource and save_plan() throw.
std::optional<Plan> load_plan_choice(const PlanChoice& choice);

}  // namespace austeer
