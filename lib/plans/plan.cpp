#include "plans/plan.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <set>
#include <tuple>

#include "tensors/safetensors.hpp"

namespace austeer {
namespace {

constexpr const char* format_name = "austeer plan 2";

std::string tensor_name(std::size_t edit, const char* part) {
  return fmt::format("edit.{}.{}", edit, part);
}

template <typename T>
std::vector<T> read_list(const SafetensorsFile& file, const std::string& name) {
  const at::Tensor tensor = file.tensor(name);
  if (tensor.scalar_type() != c10::CppTypeToScalarType<T>::value || tensor.dim() != 1) {
    throw FormatError(
        {fmt::format("[plan] {}: '{}' has a wrong type", file.path().string(), name),
         fmt::format("a list of {}", c10::toString(c10::CppTypeToScalarType<T>::value)),
         fmt::format("{} with {} dimensions", c10::toString(tensor.scalar_type()), tensor.dim()),
         ""});
  }
  const T* values = tensor.const_data_ptr<T>();
  return std::vector<T>(values, values + tensor.numel());
}

Edit read_edit(const SafetensorsFile& file, const Json& json, std::size_t index,
               const std::string& place) {
  Fields fields(json, fmt::format("{}: edit {}", place, index));
  Edit edit{};
  read_settings(fields, edit);
  edit.dims = read_list<std::int64_t>(file, tensor_name(index, "dims"));
  edit.values = read_list<float>(file, tensor_name(index, "values"));
  if (const auto wrong = flaw(edit)) {
    throw FormatError({fmt::format("{}: {}", fields.place(), *wrong), "", "", ""});
  }
  return edit;
}

/// The JSON that save_plan put into the metadata.
Json read_metadata(const SafetensorsFile& file, const std::string& place) {
  const auto& metadata = file.header().metadata;
  const auto format = metadata.find("format");
  const auto plan = metadata.find("plan");
  if (format == metadata.end() || format->second != format_name || plan == metadata.end()) {
    const std::string found = format == metadata.end() ? "no format" : "'" + format->second + "'";
    const bool older = found == "'austeer plan 1'";
    throw FormatError({place + ": not a plan that this version reads", format_name, found,
                       older ? "Make the plan again from its ranking" : ""});
  }
  return parse_json(plan->second, place);
}

}  // namespace

std::optional<std::string> flaw(const Edit& edit) {
  if (edit.layer < 0) return fmt::format("the layer {} is negative", edit.layer);
  if (edit.dims.empty()) return "it edits no unit";
  if (edit.dims.size() != edit.values.size()) {
    return fmt::format("{} dims, but {} values", edit.dims.size(), edit.values.size());
  }
  if (edit.dims.front() < 0) return fmt::format("the dim {} is negative", edit.dims.front());
  const auto unordered =
      std::adjacent_find(edit.dims.begin(), edit.dims.end(), std::greater_equal<>());
  if (unordered != edit.dims.end()) {
    return fmt::format("dims must be distinct and ascending, but {} is followed by {}",
                       unordered[0], unordered[1]);
  }
  const auto infinite = std::find_if_not(edit.values.begin(), edit.values.end(),
                                         [](float value) { return std::isfinite(value); });
  if (infinite != edit.values.end()) {
    return fmt::format("the value of dim {} is {}",
                       edit.dims[static_cast<std::size_t>(infinite - edit.values.begin())],
                       *infinite);
  }
  if (edit.operation == Operation::clamp && edit.positions != Positions::last_prompt) {
    return fmt::format("clamp acts at last_prompt alone, not at {}",
                       positions_name(edit.positions));
  }
  return std::nullopt;
}

std::int64_t Plan::units() const {
  std::set<std::tuple<Site, std::int64_t, std::int64_t>> units;
  for (const Edit& edit : edits) {
    for (std::size_t i = 0; i < edit.dims.size(); ++i) {
      if (edit.operation == Operation::clamp && edit.values[i] == 0) continue;
      units.emplace(edit.site, edit.layer, edit.dims[i]);
    }
  }
  return static_cast<std::int64_t>(units.size());
}

void save_plan(const Plan& plan, const std::filesystem::path& file) {
  Json edits = Json::array();
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (std::size_t i = 0; i < plan.edits.size(); ++i) {
    const Edit& edit = plan.edits[i];
    if (const auto wrong = flaw(edit)) {
      throw UsageError("plan", fmt::format("edit {} cannot be saved: {}", i, *wrong));
    }
    edits.push_back(settings_json(edit));
    tensors.emplace_back(tensor_name(i, "dims"), at::tensor(edit.dims));
    tensors.emplace_back(tensor_name(i, "values"), at::tensor(edit.values));
  }
  const Json json = {{"edits", edits}, {"provenance", plan.provenance}};
  write_safetensors(file, tensors, {{"format", format_name}, {"plan", to_text(json)}});
}

Plan load_plan(const std::filesystem::path& file) {
  const SafetensorsFile opened(file);
  const std::string place = "[plan] " + file.string();
  const Json json = read_metadata(opened, place);
  Fields fields(json, place);
  const Json& edits = fields.value("edits");
  Plan plan;
  plan.provenance = fields.value("provenance");
  fields.refuse_unknown();
  if (!edits.is_array()) throw FormatError({place + ": edits", "a list", edits.type_name(), ""});
  for (const Json& edit : edits) {
    plan.edits.push_back(read_edit(opened, edit, plan.edits.size(), place));
  }
  if (opened.header().tensors.size() != 2 * plan.edits.size()) {
    throw FormatError({place + ": it holds tensors that no edit names", "", "", ""});
  }
  return plan;
}

}  // namespace austeer
