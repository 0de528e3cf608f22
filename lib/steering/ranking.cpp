#include "steering/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <tuple>

#include "tensors/safetensors.hpp"

namespace austeer {

namespace {

constexpr std::int64_t max_units = std::int64_t{1} << 31;

/// Why the sites cannot be, or nothing.
std::string sites_flaw(const Ranking& ranking) {
  if (ranking.sites.empty()) return "no site";
  for (const RankedSite& site : ranking.sites) {
    if (site.width < 1 || site.width > max_units) {
      return fmt::format("{} layers, width {}", ranking.layers, site.width);
    }
    if (site.group < 1 || site.width % site.group != 0) {
      return fmt::format("groups of {} at width {}", site.group, site.width);
    }
    const auto same = [&](const RankedSite& other) { return other.site == site.site; };
    if (std::ranges::count_if(ranking.sites, same) > 1) {
      return fmt::format("site {} stands twice", site_name(site.site));
    }
  }
  return "";
}

/// What is wrong with one unit by itself, or nullptr.
const char* unit_flaw(const RankedUnit& unit, const Ranking& ranking) {
  if (unit.site < 0 || unit.site >= static_cast<std::int64_t>(ranking.sites.size()) ||
      unit.layer < 0 || unit.layer >= ranking.layers || unit.dim < 0 ||
      unit.dim >= ranking.sites[static_cast<std::size_t>(unit.site)].width) {
    return "lies outside the model";
  }
  if (unit.positive < 0 || unit.negative < 0 ||
      std::int64_t{unit.positive} + unit.negative > ranking.pairs) {
    return "has counts that do not fit the number of pairs";
  }
  for (const double value : {unit.score, unit.value, unit.mean_momentum, unit.mean_activation}) {
    if (!std::isfinite(value)) return "has a value that is not finite";
  }
  if (!(unit.magnitude >= 0) || !std::isfinite(unit.magnitude)) {
    return "has a magnitude that is negative or not finite";
  }
  if (!(unit.p_value >= 0 && unit.p_value <= 1)) return "has a p-value outside [0, 1]";
  return nullptr;
}

/// Marks units as seen; false for one that was seen before.
class SeenUnits {
 public:
  explicit SeenUnits(const Ranking& ranking) : seen_(ranking.units.size()) {
    for (const RankedSite& site : ranking.sites) {
      starts_.push_back(width_);
      width_ += site.width;
    }
  }
  bool first_time(const RankedUnit& unit) {
    const auto index = static_cast<std::size_t>(
        unit.layer * width_ + starts_[static_cast<std::size_t>(unit.site)] + unit.dim);
    const bool first = !seen_[index];
    seen_[index] = true;
    return first;
  }

 private:
  std::vector<bool> seen_;
  std::vector<std::int64_t> starts_;
  std::int64_t width_ = 0;
};

/// True when the group that begins with `a` may stand before the one that begins with `b`.
bool in_order(const RankedUnit& a, const RankedUnit& b) {
  if (a.score != b.score) return a.score > b.score;
  return std::tie(a.site, a.layer, a.dim) < std::tie(b.site, b.layer, b.dim);
}

/// True when `unit` is the one that stands `offset` places after `first`, its group's first.
bool continues(const RankedUnit& first, const RankedUnit& unit, std::int64_t offset) {
  return unit.site == first.site && unit.layer == first.layer && unit.dim == first.dim + offset &&
         unit.score == first.score;
}

}  // namespace

double beta(const RankedUnit& unit, std::int64_t pairs) {
  const auto n = static_cast<double>(pairs);
  return unit.positive >= unit.negative ? unit.positive / n : -unit.negative / n;
}

std::int64_t units_per_layer(const Ranking& ranking) {
  std::int64_t units = 0;
  for (const RankedSite& site : ranking.sites) units += site.width;
  return units;
}

std::string site_names(std::span<const RankedSite> sites) {
  std::string names;
  for (const RankedSite& site : sites) names += (names.empty() ? "" : ",") + site_name(site.site);
  return names;
}

std::string site_names(const Ranking& ranking) { return site_names(ranking.sites); }

std::vector<std::span<const RankedUnit>> groups_of(const Ranking& ranking) {
  std::vector<std::span<const RankedUnit>> groups;
  for (std::span<const RankedUnit> rest = ranking.units; !rest.empty();) {
    const RankedSite& site = ranking.sites[static_cast<std::size_t>(rest.front().site)];
    const auto size = std::min(static_cast<std::size_t>(site.group), rest.size());
    groups.push_back(rest.first(size));
    rest = rest.subspan(size);
  }
  return groups;
}

std::string site_name_of(const Ranking& ranking, const RankedUnit& unit) {
  return site_name(ranking.sites[static_cast<std::size_t>(unit.site)].site);
}

std::vector<std::span<const RankedUnit>> top_groups(const Ranking& ranking, std::int64_t top) {
  auto groups = groups_of(ranking);
  groups.resize(std::min(groups.size(), static_cast<std::size_t>(std::max<std::int64_t>(top, 0))));
  return groups;
}

Json answer_json(const Ranking& ranking, std::int64_t top) {
  Json units = Json::array();
  for (const auto& group : top_groups(ranking, top)) {
    for (const RankedUnit& unit : group) {
      Json json = Json::object();
      if (ranking.sites.size() > 1) json["site"] = site_name_of(ranking, unit);
      json.update({{"layer", unit.layer},
                   {"dim", unit.dim},
                   {"positive", unit.positive},
                   {"negative", unit.negative},
                   {"beta", beta(unit, ranking.pairs)},
                   {"mean_momentum", unit.mean_momentum},
                   {"p_value", unit.p_value},
                   {"score", unit.score},
                   {"value", unit.value}});
      units.push_back(std::move(json));
    }
  }
  return {{"site", site_names(ranking)},
          {"width", units_per_layer(ranking)},
          {"pairs", ranking.pairs},
          {"units", units}};
}

void check_ranking_sizes(const Ranking& ranking, const std::string& place) {
  std::string wrong = sites_flaw(ranking);
  if (wrong.empty() && (ranking.layers < 1 || ranking.pairs < 1 ||
                        ranking.layers > max_units / units_per_layer(ranking) ||
                        ranking.pairs > std::numeric_limits<std::int32_t>::max())) {
    wrong = fmt::format("{} layers, {} units each, {} pairs", ranking.layers,
                        units_per_layer(ranking), ranking.pairs);
  }
  if (!wrong.empty()) {
    throw FormatError({fmt::format("{}: impossible sizes ({})", place, wrong), "", "", ""});
  }
}

void check_ranking(const Ranking& ranking, const std::string& place) {
  check_ranking_sizes(ranking, place);
  if (ranking.method.empty()) throw FormatError({place + ": no method is named", "", "", ""});
  const std::int64_t expected = ranking.layers * units_per_layer(ranking);
  if (static_cast<std::int64_t>(ranking.units.size()) != expected) {
    throw FormatError({fmt::format("{}: a ranking holds every unit", place),
                       std::to_string(expected), std::to_string(ranking.units.size()), ""});
  }
  const auto refuse = [&](std::size_t rank, const std::string& what) {
    const RankedUnit& unit = ranking.units[rank];
    throw FormatError({fmt::format("{}: the unit at rank {} (layer {}, dim {}) {}", place, rank,
                                   unit.layer, unit.dim, what),
                       "", "", ""});
  };
  SeenUnits seen(ranking);
  std::size_t first = 0;     // of the group
  std::size_t previous = 0;  // the first of the group before it
  std::size_t after = 0;     // one past the group
  for (std::size_t i = 0; i < ranking.units.size(); ++i) {
    const RankedUnit& unit = ranking.units[i];
    if (const char* flaw = unit_flaw(unit, ranking)) refuse(i, flaw);
    if (!seen.first_time(unit)) refuse(i, "stands twice");
    if (i < after) {
      const auto offset = static_cast<std::int64_t>(i - first);
      if (!continues(ranking.units[first], unit, offset)) refuse(i, "does not belong to its group");
      continue;
    }
    previous = first;
    first = i;
    const std::int64_t group = ranking.sites[static_cast<std::size_t>(unit.site)].group;
    after = i + static_cast<std::size_t>(group);
    if (unit.dim % group != 0) refuse(i, "is not the first of its group");
    if (i > 0 && !in_order(ranking.units[previous], unit)) {
      refuse(i, "is out of order (descending score, then site, layer and dim)");
    }
  }
}

// The file of a ranking (ranking.hpp): one tensor a column, the rest as JSON in the metadata.

namespace {

constexpr const char* format_name = "austeer ranking 2";
constexpr const char* any_format = "austeer ranking ";

/// A column of the file and the member of RankedUnit that it holds.
template <typename T>
struct Column {
  const char* name;
  T RankedUnit::*member;
};

constexpr std::tuple columns = {
    Column<std::int32_t>{"site", &RankedUnit::site},
    Column<std::int32_t>{"layer", &RankedUnit::layer},
    Column<std::int32_t>{"dim", &RankedUnit::dim},
    Column<double>{"score", &RankedUnit::score},
    Column<double>{"value", &RankedUnit::value},
    Column<std::int32_t>{"positive", &RankedUnit::positive},
    Column<std::int32_t>{"negative", &RankedUnit::negative},
    Column<double>{"mean_momentum", &RankedUnit::mean_momentum},
    Column<double>{"p_value", &RankedUnit::p_value},
    Column<double>{"mean_activation", &RankedUnit::mean_activation},
    Column<double>{"magnitude", &RankedUnit::magnitude},
};

template <typename Action>
void for_each_column(const Action& action) {
  std::apply([&](const auto&... column) { (action(column), ...); }, columns);
}

template <typename T>
at::Tensor column_tensor(const Ranking& ranking, const Column<T>& column) {
  const auto count = static_cast<std::int64_t>(ranking.units.size());
  at::Tensor tensor = at::empty({count}, c10::CppTypeToScalarType<T>::value);
  T* values = tensor.data_ptr<T>();
  for (const RankedUnit& unit : ranking.units) *values++ = unit.*column.member;
  return tensor;
}

/// Fills one member of all `count` units.
template <typename T>
void read_column(Ranking& ranking, const SafetensorsFile& file, const Column<T>& column,
                 std::int64_t count) {
  const at::Tensor tensor = file.tensor(column.name);
  if (tensor.scalar_type() != c10::CppTypeToScalarType<T>::value || tensor.dim() != 1 ||
      tensor.numel() != count) {
    throw FormatError(
        {fmt::format("[ranking] {}: the column '{}' has a wrong type or size", file.path().string(),
                     column.name),
         fmt::format("{} [{}]", c10::toString(c10::CppTypeToScalarType<T>::value), count),
         fmt::format("{} [{}]", c10::toString(tensor.scalar_type()),
                     fmt::join(tensor.sizes(), ", ")),
         ""});
  }
  const T* values = tensor.const_data_ptr<T>();
  for (RankedUnit& unit : ranking.units) unit.*column.member = *values++;
}

std::string metadata_text(const SafetensorsFile& file, const std::string& key) {
  const auto& metadata = file.header().metadata;
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string() : found->second;
}

Ranking read_header(const SafetensorsFile& file, const std::string& place) {
  const std::string format = metadata_text(file, "format");
  if (format != format_name) {
    throw FormatError({place + ": not a ranking that this version reads", format_name,
                       "'" + format + "'", "Make one with rank"});
  }
  const Json json = parse_json(metadata_text(file, "ranking"), place);
  Fields fields(json, place);
  Ranking ranking;
  read_settings(fields, ranking);
  return ranking;
}

}  // namespace

void save_ranking(const Ranking& ranking, const std::filesystem::path& file) {
  check_ranking(ranking, "[ranking] " + file.string());
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for_each_column([&](const auto& column) {
    tensors.emplace_back(column.name, column_tensor(ranking, column));
  });
  write_safetensors(file, tensors,
                    {{"format", format_name}, {"ranking", to_text(settings_json(ranking))}});
}

Ranking load_ranking(const std::filesystem::path& file) {
  const SafetensorsFile opened(file);
  const std::string place = "[ranking] " + file.string();
  Ranking ranking = read_header(opened, place);
  check_ranking_sizes(ranking, place);
  const std::int64_t count = ranking.layers * units_per_layer(ranking);
  // The first column bounds the allocation: its size has been checked against the file.
  if (opened.has("site") && opened.tensor("site").numel() == count) {
    ranking.units.resize(static_cast<std::size_t>(count));
  }
  for_each_column([&](const auto& column) { read_column(ranking, opened, column, count); });
  check_ranking(ranking, place);
  return ranking;
}

bool is_ranking_file(const std::filesystem::path& file) {
  return metadata_text(SafetensorsFile(file), "format").starts_with(any_format);
}

}  // namespace austeer
