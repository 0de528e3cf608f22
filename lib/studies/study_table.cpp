#include "studies/study_table.hpp"

#include <algorithm>
#include <fmt/format.h>

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

/// A row's cells, the best of its section bold.
std::vector<Cell> cells_of(const StudyRow& row, const std::vector<StudyColumn>& columns,
                           const std::vector<std::optional<double>>& best) {
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Cell cell = columns[i].cell(row);
    if (best[i] && !row.is_control) {
      const std::optional<double> value = columns[i].value(row);
      cell.bold = value && *value >= *best[i] - same_mean;
    }
    cells.push_back(std::move(cell));
  }
  return cells;
}

/// Adds a section for each model, with columns for each task.
void add_models(Table& table, const std::vector<StudyColumn>& columns,
                const std::vector<ModelRows>& models) {
  for (const StudyColumn& column : columns) table.columns.push_back(column.column);
  for (const ModelRows& model : models) {
    table.add_section(model.model);
    const auto best = best_values(columns, model.rows);
    for (const StudyRow& row : model.rows) table.add_row(cells_of(row, columns, best));
  }
}

/// The place of the column with this header, which is added where there is none.
std::size_t column_called(Table& table, const Column& column) {
  const auto found = std::ranges::find(table.columns, column.header, &Column::header);
  const auto place = static_cast<std::size_t>(found - table.columns.begin());
  if (found == table.columns.end()) table.columns.push_back(column);
  return place;
}

/// Adds a section for each model and task; `of_tasks` are the columns of each task, which share
/// those of the same header.
void add_tasks(Table& table, const Study& study,
               const std::vector<std::vector<StudyColumn>>& of_tasks,
               const std::vector<ModelRows>& models) {
  table.columns = {{"method", Align::left, ""}};
  std::vector<std::vector<std::size_t>> places;
  for (const std::vector<StudyColumn>& columns : of_tasks) {
    places.emplace_back();
    for (const StudyColumn& column : columns) {
      places.back().push_back(column_called(table, column.column));
    }
  }
  for (const ModelRows& model : models) {
    for (std::size_t task = 0; task < of_tasks.size(); ++task) {
      const std::string& name = study.tasks[task].name;
      table.add_section(models.size() < 2 ? name : fmt::format("{}, {}", model.model, name));
      const auto best = best_values(of_tasks[task], model.rows);
      for (const StudyRow& row : model.rows) {
        if (!row.values[task].is_asked) continue;
        std::vector<Cell> cells(table.columns.size());
        cells[0] = row.label;
        std::vector<Cell> of_task = cells_of(row, of_tasks[task], best);
        for (std::size_t i = 0; i < of_task.size(); ++i) {
          cells[places[task][i]] = std::move(of_task[i]);
        }
        table.add_row(std::move(cells));
      }
    }
  }
}

}  // namespace

Table make_table(const Study& study, const std::vector<EntryResults>& results, TableReader reader) {
  const TableKeys& keys = study.table;
  const std::vector<ModelRows> models = table_rows(study, keys, results);
  Table table;
  table.title = keys.title;
  if (study.select == Selection::test && has_grid(study)) {
    table.title += " (hyper-parameters chosen on the test items)";
  }
  table.section_header = keys.sections == TableSections::models ? "model" : "task";
  table.notes = table_notes(study, keys, results, models);
  if (keys.sections == TableSections::models) {
    add_models(table, study_columns(study, keys, results, models, reader), models);
    return table;
  }
  std::vector<std::vector<StudyColumn>> of_tasks;
  for (std::size_t task = 0; task < study.tasks.size(); ++task) {
    of_tasks.push_back(columns_of_task(study, keys, results, models, reader, task));
  }
  add_tasks(table, study, of_tasks, models);
  return table;
}

}  // namespace austeer
