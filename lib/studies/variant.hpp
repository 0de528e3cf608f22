#pragma once
// One point of a method's grid: how its ranking is made and what plan is made of that.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.hpp"
#include "steering/recipe.hpp"

namespace austeer {

struct Variant {
  std::string method = "austeer";
  std::optional<std::string> site;    ///< names with commas; nothing: the method's
  std::vector<std::string> sites;     ///< the same one by one, which are ranked together
  Json settings = Json::object();     ///< the method's options
  std::optional<std::int64_t> pairs;  ///< in place of the task's
  PlanRecipe recipe;
  Json choice;  ///< {"rank": {...}, "plan": {...}} as written, every list replaced by one of it

  /// Whether its ranking is an order drawn at random.
  bool ranks_at_random() const;
  /// Whether anything of it is drawn, so that a seed belongs to it: its ranking, or the control
  /// that it is itself.
  bool is_drawn() const;
};

/// How the ranking is made: the keys of `rank`.
void describe_rank(auto& visit, SettingsOf<Variant> auto& variant) {
  visit(variant.method, {.key = "method"});
  visit(variant.site, {.key = "site"});
  visit(variant.settings, {.key = "set"});
  visit(variant.pairs, {.key = "pairs", .least = 1});
}

/// Whether a control draws something, so that each of a study's seeds gives another one.
bool is_drawn(Control control);

/// Adds to `revisions`, by the control's name, how often what it steers was changed, where it was:
/// digests of results that depend on a control hold it.
void add_control_revision(Control control, Json& revisions);

/// A method's grid: every combination of the lists in {"rank": {...}, "plan": {...}}, the last list
/// running fastest. `place` opens messages. Throws FormatError, UsageError.
std::vector<Variant> expand_variants(const Json& method, const std::string& place);

/// The names of the keys that hold lists of more than one value: "plan.k", "rank.set.score".
std::vector<std::string> axes_of(const Json& method);

/// The values that tell this variant from the others of its grid: "k 16, alpha 2"; of a grid of one
/// "".
std::string variant_text(const Variant& variant, const std::vector<std::string>& axes);

/// The value of an axis ("plan.k") in a variant's choice; null where it has none.
Json axis_value(const Variant& variant, const std::string& axis);

}  // namespace austeer
