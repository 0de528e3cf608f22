#include "runs/plan_choice.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <spdlog/spdlog.h>
#include <string>

#include "base/version.hpp"
#include "exports/foreign_plan.hpp"
#include "models/families.hpp"
#include "models/gguf_config.hpp"
#include "steering/ranking.hpp"

namespace austeer {

PlanSource::PlanSource(const std::filesystem::path& file) : file_(file) {
  if (std::optional<Plan> vectors = read_foreign_plan(file)) {
    content_ = std::move(*vectors);
    foreign_ = true;
  } else if (is_ranking_file(file)) {
    content_ = load_ranking(file);
  } else {
    content_ = load_plan(file);
  }
}

Plan PlanSource::plan(const PlanRecipe& recipe) const {
  if (const Ranking* ranking = std::get_if<Ranking>(&content_)) {
    Plan plan = plan_from_ranking(*ranking, recipe);
    plan.provenance["austeer"] = full_version();
    return plan;
  }
  if (foreign_) {
    PlanRecipe others = recipe;
    others.alpha.reset();
    if (others != PlanRecipe{}) {
      throw UsageError("plan",
                       file_.string() + " holds another program's vectors: their units are fixed",
                       "Choose their strength with --alpha, and leave out --k, --rule and the "
                       "others that choose units of a ranking");
    }
    return strengthened(std::get<Plan>(content_), recipe.alpha.value_or(1));
  }
  if (recipe != PlanRecipe{}) {
    throw UsageError("plan", file_.string() + " is a plan: its units and strengths are fixed",
                     "Leave out --k, --alpha and the others that make a plan of a ranking, or pass "
                     "the ranking");
  }
  return std::get<Plan>(content_);
}

std::optional<Plan> load_plan_choice(const PlanChoice& choice) {
  if (choice.file.empty()) return std::nullopt;
  Plan plan = PlanSource(choice.file).plan(choice.recipe);
  if (!choice.save.empty()) save_plan(plan, choice.save);
  return plan;
}

namespace {

/// The text that lies at `keys`, one inside the other; "" where there is none.
std::string recorded_text(const Json& json, std::initializer_list<const char*> keys) {
  const Json* value = &json;
  for (const char* key : keys) {
    if (!value->is_object() || !value->contains(key)) return "";
    value = &value->at(key);
  }
  return value->is_string() ? value->get<std::string>() : "";
}

/// The ranking's part of a plan's provenance; of a ranking's own all. A plan that was exported and
/// read again records its origin under "plan".
const Json& ranking_provenance(const Json& recorded) {
  const bool exported = recorded.is_object() && recorded.contains("plan");
  const Json& provenance = exported ? recorded.at("plan") : recorded;
  if (!provenance.is_object() || !provenance.contains("ranking")) return provenance;
  const Json& ranking = provenance.at("ranking");
  return ranking.is_object() && ranking.contains("provenance") ? ranking.at("provenance")
                                                               : provenance;
}

/// Fingerprints that differ, as a message shows them.
struct FingerprintDifference {
  std::string names;     // "weights and tokenizer"
  std::string expected;  // those of the model, shortened
  std::string found;     // those on record

  void add(const std::string& name, const std::string& of_model, const std::string& on_record) {
    if (on_record.empty() || on_record == of_model) return;
    constexpr std::size_t shown = 12;
    const char* separator = names.empty() ? "" : " and ";
    names += separator + name;
    expected += separator + fmt::format("{} {}", name, of_model.substr(0, shown));
    found += separator + fmt::format("{} {}", name, on_record.substr(0, shown));
  }
};

/// What GGUF calls the family `name`, which may be a model type of Hugging Face's.
std::string_view name_in_gguf(std::string_view name) {
  const std::vector<std::string> known = family_names();
  return std::ranges::find(known, name) == known.end() ? name : family_of(name).architecture;
}

/// Says or refuses that vectors of another program name another family of models than `model`'s.
void check_family(const Model& model, const Json& provenance, const std::filesystem::path& file,
                  bool force) {
  const std::string hint = recorded_text(provenance, {"model_hint"});
  if (hint.empty()) return;
  const std::string& family = model.decoder->config().model_type;
  if (name_in_gguf(hint) == name_in_gguf(family)) return;
  const std::string what =
      fmt::format("[plan] {} was made for another family of models", file.string());
  if (force) return spdlog::warn("{}: {}, and this is {}", what, hint, family);
  throw UsageError(ErrorParts{what, fmt::format("{} ({})", family, model.name), hint,
                              "Name the model that it was made for with --model, or pass --force "
                              "to use it on this one all the same"});
}

}  // namespace

void check_made_for(const Model& model, const Json& provenance, const std::filesystem::path& file,
                    bool force) {
  check_family(model, provenance, file, force);
  const Json& made = ranking_provenance(provenance);
  FingerprintDifference differ;
  differ.add("weights", model.fingerprint, recorded_text(made, {"fingerprints", "model"}));
  differ.add("tokenizer", model.tokenizer->fingerprint(),
             recorded_text(made, {"fingerprints", "tokenizer"}));
  if (differ.names.empty()) return;
  const std::string name = recorded_text(made, {"names", "model"});
  const std::string other = name.empty() ? "a model whose name is not recorded" : name;
  const std::string what =
      fmt::format("[plan] {} was made for another model: the fingerprint of the {} differs",
                  file.string(), differ.names);
  if (force) {
    spdlog::warn("{} ({} here, {} there, {})", what, differ.expected, differ.found, other);
    return;
  }
  throw UsageError(ErrorParts{
      what, fmt::format("{} ({})", differ.expected, model.name),
      fmt::format("{} ({})", differ.found, other),
      "Collect and rank with this model, or pass --force to use it on this one all the same"});
}

}  // namespace austeer
