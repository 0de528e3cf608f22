#pragma once
// --plan and its companions: a ranking, a plan, or vectors of another program, and how to steer
// with them.

#include <filesystem>
#include <optional>
#include <variant>

#include "base/json.hpp"
#include "models/load.hpp"
#include "plans/plan.hpp"
#include "steering/recipe.hpp"

namespace austeer {

struct PlanChoice {
  std::filesystem::path file = {};  ///< empty: do not steer
  PlanRecipe recipe = {};           ///< for a ranking; for others' vectors its alpha alone
  std::filesystem::path save = {};  ///< where the plan is written; empty: nowhere
  bool force = false;               ///< also steer a model that it was not made for
};

/// What was read from --plan: a ranking, of which each recipe makes another plan; a plan; or
/// another program's vectors (a GGUF control vector, the folder of an IA³ adapter), of which alpha
/// sets the strength.
class PlanSource {
 public:
  /// Throws FileError, FormatError, and what read_foreign_plan() throws.
  explicit PlanSource(const std::filesystem::path& file);

  bool is_ranking() const { return std::holds_alternative<Ranking>(content_); }
  /// Whether no recipe changes it.
  bool is_fixed() const { return !is_ranking() && !foreign_; }
  const std::filesystem::path& file() const { return file_; }

  /// The plan by `recipe`; of vectors without an alpha as they are. Its provenance names the
  /// version that made it of a ranking. Throws what plan_from_ranking() and strengthened() throw,
  /// and UsageError for a recipe beside a plan, which is taken as it is, and for more than an alpha
  /// beside vectors.
  Plan plan(const PlanRecipe& recipe) const;

 private:
  std::filesystem::path file_;
  std::variant<Ranking, Plan> content_;
  bool foreign_ = false;  ///< the plan is another program's
};

/// The plan to carry out, or nothing when no file is named; written to `choice.save` where that is
/// not empty. Throws what PlanSource and save_plan() throw.
std::optional<Plan> load_plan_choice(const PlanChoice& choice);

// Whether a ranking or a plan was made for the model at hand: a unit is a place in one model's
// weights, and means nothing in another's.

/// Throws UsageError where `provenance`, of a ranking or of a plan, records another fingerprint of
/// the weights or of the tokenizer than `model` has, or another family of models; with `force` the
/// log has a warning instead. `file`, where it was read from, opens the message. What records none,
/// as a plan that was written by hand, is taken.
void check_made_for(const Model& model, const Json& provenance, const std::filesystem::path& file,
                    bool force);

}  // namespace austeer
