#include "studies/variant.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plans/units.hpp"
#include "steering/methods.hpp"
#include "studies/axes.hpp"

namespace austeer {
namespace {

/// `value` with every list in it replaced by one of its elements, in every combination.
std::vector<Json> combinations(const Json& value) {
  if (value.is_array()) {
    std::vector<Json> all;
    for (const Json& element : value) {
      for (Json& one : combinations(element)) all.push_back(std::move(one));
    }
    return all;
  }
  std::vector<Json> all = {value};
  if (!value.is_object()) return all;
  all = {Json::object()};
  for (const auto& [key, inner] : value.items()) {
    const std::vector<Json> choices = combinations(inner);
    std::vector<Json> longer;
    for (const Json& begun : all) {
      for (const Json& choice : choices) {
        longer.push_back(begun);
        longer.back()[key] = choice;
      }
    }
    all = std::move(longer);
  }
  return all;
}

void find_axes(const Json& value, const std::string& path, std::vector<std::string>& axes) {
  if (value.is_array()) {
    if (value.size() > 1) axes.push_back(path);
  } else if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      find_axes(inner, path.empty() ? key : path + "." + key, axes);
    }
  }
}

void read_ranking_choice(Fields fields, Variant& variant) {
  SettingsReader reader(fields);
  describe_rank(reader, variant);
  variant.sites = methods().get(variant.method).sites;
  if (variant.site) variant.sites = split_list(*variant.site);
  for (const std::string& site : variant.sites) parse_site(site);
  if (!variant.settings.is_object()) fields.object("set");
  fields.refuse_unknown();
}

Variant read_variant(const Json& choice, const std::string& place) {
  Variant variant;
  variant.choice = choice;
  variant.sites = methods().get(variant.method).sites;
  Fields fields(choice, place);
  if (fields.is_given("rank")) read_ranking_choice(fields.object("rank"), variant);
  if (fields.is_given("plan")) {
    Fields plan = fields.object("plan");
    read_settings(plan, variant.recipe, {"seed"});  // the study draws with seeds of its own
  }
  fields.refuse_unknown();
  return variant;
}

}  // namespace

bool Variant::ranks_at_random() const {
  return settings.value("score", "") == "random" && !settings.contains("seed");
}

bool Variant::is_drawn() const {
  return ranks_at_random() || (recipe.control && austeer::is_drawn(*recipe.control));
}

bool is_drawn(Control control) { return control != Control::magnitude; }

void add_control_revision(Control control, Json& revisions) {
  if (control == Control::random) revisions[enum_name(control)] = 1;
}

std::vector<Variant> expand_variants(const Json& method, const std::string& place) {
  std::vector<Variant> variants;
  for (const Json& choice : combinations(method)) variants.push_back(read_variant(choice, place));
  if (!variants.empty()) return variants;
  throw FormatError({place + ": the grid is empty", "lists with at least one value", "[]", ""});
}

std::vector<std::string> axes_of(const Json& method) {
  std::vector<std::string> axes;
  find_axes(method, "", axes);
  return axes;
}

Json axis_value(const Variant& variant, const std::string& axis) {
  const Json* value = &variant.choice;
  for (std::size_t start = 0; start <= axis.size();) {
    const std::size_t end = std::min(axis.find('.', start), axis.size());
    const std::string key = axis.substr(start, end - start);
    if (!value->is_object() || !value->contains(key)) return nullptr;
    value = &value->at(key);
    start = end + 1;
  }
  return *value;
}

std::string variant_text(const Variant& variant, const std::vector<std::string>& axes) {
  std::vector<std::string> words;
  for (const std::string& axis : axes) {
    words.push_back(
        fmt::format("{} {}", axis_name(axis), axis_value_text(axis_value(variant, axis))));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace austeer
