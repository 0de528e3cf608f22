#include "steering/ranking.hpp"

#include <cmath>
#include <fmt/format.h>
#include <tuple>

#include "tensors/safetensors.hpp"

namespace austeer {
namespace {

constexpr const char* format_name = "austeer ranking 1";
constexpr std::int64_t max_units = std::int64_t{1} << 31;

/// A column of the file and the member of RankedUnit that it holds.
template <typename T>
struct Column {
  const char* name;
  T RankedUnit::*member;
};

constexpr std::tuple columns = {
    Column<std::int32_t>{"layer", &RankedUnit::layer},
    Column<std::int32_t>{"dim", &RankedUnit::dim},
    Column<std::int32_t>{"positive", &RankedUnit::positive},
    Column<std::int32_t>{"negative", &RankedUnit::negative},
    Column<double>{"beta", &RankedUnit::beta},
    Column<double>{"mean_momentum", &RankedUnit::mean_momentum},
    Column<double>{"p_value", &RankedUnit::p_value},
    Column<double>{"mean_activation", &RankedUnit::mean_activation},
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

template <typename T>
void read_column(Ranking& ranking, const SafetensorsFile& file, const Column<T>& column) {
  const at::Tensor tensor = file.tensor(column.name);
  if (tensor.scalar_type() != c10::CppTypeToScalarType<T>::value || tensor.dim() != 1 ||
      tensor.numel() != ranking.layers * ranking.width) {
    throw FormatError({fmt::format("[ranking] {}: the column '{}' has a wrong type or size",
                                   file.path().string(), column.name),
                       fmt::format("{} [{}]", c10::toString(c10::CppTypeToScalarType<T>::value),
                                   ranking.layers * ranking.width),
                       fmt::format("{} [{}]", c10::toString(tensor.scalar_type()),
                                   fmt::join(tensor.sizes(), ", ")),
                       ""});
  }
  const T* values = tensor.const_data_ptr<T>();
  for (RankedUnit& unit : ranking.units) unit.*column.member = *values++;
}

Ranking read_header(const SafetensorsFile& file, const std::string& place) {
  const auto& metadata = file.header().metadata;
  const auto text = [&](const std::string& key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string() : found->second;
  };
  if (text("format") != format_name) {
    throw FormatError({place + ": not a ranking that this version reads", format_name,
                       "'" + text("format") + "'", "Make one with rank"});
  }
  const Json json = parse_json(text("ranking"), place);
  Fields fields(json, place);
  Ranking ranking;
  try {
    ranking.site = parse_site(fields.required<std::string>("site"));
  } catch (const UsageError& error) {
    throw FormatError({place + ": " + error.what(), "", "", ""});
  }
  ranking.layers = fields.required<std::int64_t>("layers");
  ranking.width = fields.required<std::int64_t>("width");
  ranking.pairs = fields.required<std::int64_t>("pairs");
  ranking.method = fields.required<std::string>("method");
  ranking.options = fields.value("options");
  ranking.provenance = fields.value("provenance");
  fields.refuse_unknown();
  return ranking;
}

/// Sizes first: everything else is allocated and indexed by them.
void check_sizes(const Ranking& ranking, const std::string& place) {
  if (ranking.layers < 1 || ranking.width < 1 || ranking.pairs < 1 ||
      ranking.layers > max_units / ranking.width ||
      ranking.pairs > std::numeric_limits<std::int32_t>::max()) {
    throw FormatError({fmt::format("{}: impossible sizes ({} layers, width {}, {} pairs)", place,
                                   ranking.layers, ranking.width, ranking.pairs),
                       "", "", ""});
  }
}

/// What is wrong with one unit by itself, or nullptr.
const char* unit_flaw(const RankedUnit& unit, const Ranking& ranking) {
  if (unit.layer < 0 || unit.layer >= ranking.layers || unit.dim < 0 || unit.dim >= ranking.width) {
    return "lies outside the model";
  }
  if (unit.positive < 0 || unit.negative < 0 ||
      std::int64_t{unit.positive} + unit.negative > ranking.pairs) {
    return "has counts that do not fit the number of pairs";
  }
  if (!std::isfinite(unit.beta) || !std::isfinite(unit.mean_momentum) ||
      !std::isfinite(unit.mean_activation)) {
    return "has a value that is not finite";
  }
  if (!(unit.p_value >= 0 && unit.p_value <= 1)) return "has a p-value outside [0, 1]";
  return nullptr;
}

/// True when `a` may stand before `b`; equal units may not.
bool in_order(const RankedUnit& a, const RankedUnit& b) {
  if (std::abs(a.beta) != std::abs(b.beta)) return std::abs(a.beta) > std::abs(b.beta);
  return std::tie(a.layer, a.dim) < std::tie(b.layer, b.dim);
}

}  // namespace

void check_ranking(const Ranking& ranking, const std::string& place) {
  check_sizes(ranking, place);
  if (ranking.method.empty()) throw FormatError({place + ": no method is named", "", "", ""});
  const auto refuse = [&](std::size_t rank, const std::string& what) {
    const RankedUnit& unit = ranking.units[rank];
    throw FormatError({fmt::format("{}: the unit at rank {} (layer {}, dim {}) {}", place, rank,
                                   unit.layer, unit.dim, what),
                       "", "", ""});
  };
  if (static_cast<std::int64_t>(ranking.units.size()) != ranking.layers * ranking.width) {
    throw FormatError({fmt::format("{}: a ranking holds every unit", place),
                       std::to_string(ranking.layers * ranking.width),
                       std::to_string(ranking.units.size()), ""});
  }
  std::vector<bool> seen(ranking.units.size());
  for (std::size_t i = 0; i < ranking.units.size(); ++i) {
    const RankedUnit& unit = ranking.units[i];
    if (const char* flaw = unit_flaw(unit, ranking)) refuse(i, flaw);
    const auto index = static_cast<std::size_t>(unit.layer * ranking.width + unit.dim);
    if (seen[index]) refuse(i, "stands twice");
    seen[index] = true;
    if (i > 0 && !in_order(ranking.units[i - 1], unit)) {
      refuse(i, "is out of order (descending |beta|, then layer, then dim)");
    }
  }
}

void save_ranking(const Ranking& ranking, const std::filesystem::path& file) {
  check_ranking(ranking, "[ranking] " + file.string());
  const Json json = {{"site", site_name(ranking.site)}, {"layers", ranking.layers},
                     {"width", ranking.width},          {"pairs", ranking.pairs},
                     {"method", ranking.method},        {"options", ranking.options},
                     {"provenance", ranking.provenance}};
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for_each_column([&](const auto& column) {
    tensors.emplace_back(column.name, column_tensor(ranking, column));
  });
  write_safetensors(file, tensors, {{"format", format_name}, {"ranking", to_text(json)}});
}

Ranking load_ranking(const std::filesystem::path& file) {
  const SafetensorsFile opened(file);
  const std::string place = "[ranking] " + file.string();
  Ranking ranking = read_header(opened, place);
  check_sizes(ranking, place);
  // The first column bounds the allocation: its size has been checked against the file.
  if (opened.has("layer") && opened.tensor("layer").numel() == ranking.layers * ranking.width) {
    ranking.units.resize(static_cast<std::size_t>(ranking.layers * ranking.width));
  }
  for_each_column([&](const auto& column) { read_column(ranking, opened, column); });
  check_ranking(ranking, place);
  return ranking;
}

}  // namespace austeer
