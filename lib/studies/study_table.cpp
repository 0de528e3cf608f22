#include "studies/study_table.hpp"

#include <algorithm>

#include "studies/study_findings.hpp"
#include "studies/study_table_columns.hpp"
#include "studies/study_table_notes.hpp"

namespace austeer {
namespace {

/// Means of the same hits may differ by less than this, added in another order.
constexpr double same_mean = 1e-12;

/// For each column the largest value among the rows that compete, where they are not all equal.
std::vector<std::optional<double>> best_values(const std::vector<StudyColumn>& columns,
                                               const std::vector<StudyRow>& rows) {
  std::vector<std::optional<double>> best(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].value) continue;
    std::optional<double> least;
    for (const StudyRow& row : rows) {
      const std::optional<double> value = row.is_control ? std::nullopt : columns[i].value(row);
      if (!value) continue;
      least = std::min(least.value_or(*value), *value);
      best[i] = std::max(best[i].value_or(*value), *value);
    }
    if (best[i] && *best[i] - *least < same_mean) best[i].reset();
  }
  return best;
}

void add_model(Table& table, const std::vector<StudyColumn>& columns, const ModelRows& model) {
  table.add_section(model.model);
  const auto best = best_values(columns, model.rows);
  for (const StudyRow& row : model.rows) {
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      Cell cell = columns[i].cell(row);
      if (best[i] && !row.is_control) {
        const std::optional<double> value = columns[i].value(row);
        cell.bold = value && *value >= *best[i] - same_mean;
      }
      cells.push_back(std::move(cell));
    }
    table.add_row(std::move(cells));
  }
}

}  // namespace

Table make_table(const Study& study, const std::vector<EntryResults>& results, TableReader reader) {
  check_published(study);
  const TableKeys keys = read_table_keys(study);
  const std::vector<ModelRows> models = table_rows(study, keys, results);
  const std::vector<StudyColumn> columns = study_columns(study, keys, results, models, reader);
  Table table;
  table.title = keys.title;
  if (study.select == Selection::test && has_grid(study)) {
    table.title += " (hyper-parameters chosen on the test items)";
  }
  table.section_header = "model";
  table.notes = table_notes(study, keys, results, models);
  for (const StudyColumn& column : columns) table.columns.push_back(column.column);
  for (const ModelRows& model : models) add_model(table, columns, model);
  return table;
}

void check_table_keys(const Study& study) {
  read_table_keys(study);
  check_published(study);
}

}  // namespace austeer
