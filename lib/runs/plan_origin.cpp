#include "runs/plan_origin.hpp"

#include <fmt/format.h>
#include <initializer_list>
#include <spdlog/spdlog.h>
#include <string>

namespace austeer {
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

/// The ranking's part of a plan's provenance; of a ranking's own all.
const Json& ranking_provenance(const Json& provenance) {
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

}  // namespace

void check_made_for(const Model& model, const Json& provenance, const std::filesystem::path& file,
                    bool force) {
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
