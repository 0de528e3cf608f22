// The file of a ranking (ranking.hpp): one tensor a column, the rest as JSON in the metadata.

#include <fmt/format.h>
#include <tuple>

#include "steering/ranking.hpp"
#include "tensors/safetensors.hpp"

namespace austeer {
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
