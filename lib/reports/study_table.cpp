#include "reports/study_table.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "reports/findings.hpp"
#include "reports/study_table_columns.hpp"
#include "reports/study_table_notes.hpp"
#include "statistics/corrections.hpp"

namespace austeer {

namespace {

/// Where the values of one model come from.
class RowMaker {
 public:
  RowMaker(const Study& study, const std::vector<EntryResults>& results, const std::string& model)
      : study_(study), results_(results), model_(model) {}

  StudyRow unsteered() const {
    StudyRow row = named(vanilla);
    row.is_vanilla = true;
    for (const StudyTask& task : study_.tasks) {
      TableValue value = measured_of(entry(task, vanilla));
      value.published = study_.published.find(model_, vanilla, task.name);
      row.values.push_back(std::move(value));
    }
    return row;
  }

  StudyRow chosen(const StudyMethod& method) const {
    StudyRow row = named(method.name);
    for (const StudyTask& task : study_.tasks) {
      const EntryResults* found = entry(task, method.name);
      TableValue value = measured_of(found);
      value.is_asked = found != nullptr;
      value.published = study_.published.find(model_, method.name, task.name);
      if (found != nullptr && found->against_vanilla) {
        value.against_vanilla = found->against_vanilla;
        value.adjusted_p = found->adjusted_p;
      }
      row.values.push_back(std::move(value));
    }
    return row;
  }

  StudyRow control(const StudyMethod& method, std::size_t index) const {
    StudyRow row;
    row.label = "\u21B3 " + control_words(method.controls[index]);
    row.is_control = true;
    for (const StudyTask& task : study_.tasks) {
      const EntryResults* found = entry(task, method.name);
      TableValue value;
      if (found != nullptr && index < found->controls.size()) {
        const std::optional<Measured>& measured = found->controls[index].measured;
        if (measured) value.measured = &*measured;
      }
      compare(value, task);
      row.values.push_back(std::move(value));
    }
    return row;
  }

  /// The method as it is on this model; what differs between tasks is on no axis.
  const StudyMethod& on_its_first_task(const StudyMethod& method) const {
    for (const StudyTask& task : study_.tasks) {
      if (const auto* here = study_.method_on(model_, task.name, method)) return *here;
    }
    return method;
  }

  StudyRow variant(const StudyMethod& method, std::size_t index) const {
    StudyRow row = named(variant_label(method, index));
    for (const StudyTask& task : study_.tasks) {
      const EntryResults* found = entry(task, method.name);
      TableValue value;
      value.is_asked = found != nullptr;
      if (found != nullptr && index < found->choice.size()) {
        const std::optional<Measured>& measured = found->choice[index].measured;
        if (measured) value.measured = &*measured;
      }
      value.published = study_.published.find(model_, row.label, task.name);
      if (!study_.chooses_on_dev()) compare(value, task);
      row.values.push_back(std::move(value));
    }
    return row;
  }

 private:
  StudyRow named(const std::string& label) const {
    StudyRow row;
    row.label = label;
    row.published_average = study_.published.find(model_, label, published_average);
    return row;
  }

  const EntryResults* entry(const StudyTask& task, const std::string& method) const {
    return find_results(results_, model_, task.name, method);
  }

  static TableValue measured_of(const EntryResults* found) {
    TableValue value;
    if (found != nullptr && found->test) value.measured = &*found->test;
    return value;
  }

  void compare(TableValue& value, const StudyTask& task) const {
    const EntryResults* baseline = entry(task, vanilla);
    if (value.measured == nullptr || baseline == nullptr || !baseline->test) return;
    if (baseline->test->scores.size() != value.measured->scores.size()) return;
    value.against_vanilla = compare_measured(*baseline->test, *value.measured);
  }

  const Study& study_;
  const std::vector<EntryResults>& results_;
  const std::string& model_;
};

std::vector<StudyRow> method_rows(const Study& study, const TableKeys& keys,
                                  const RowMaker& maker) {
  std::vector<StudyRow> rows = {maker.unsteered()};
  for (const StudyMethod& method : study.methods) {
    rows.push_back(maker.chosen(method));
    if (!keys.controls) continue;
    for (std::size_t i = 0; i < method.controls.size(); ++i) {
      rows.push_back(maker.control(method, i));
    }
  }
  return rows;
}

std::vector<StudyRow> variant_rows(const Study& study, const RowMaker& maker) {
  std::vector<StudyRow> rows;
  if (!study.chooses_on_dev()) rows.push_back(maker.unsteered());
  for (const StudyMethod& method : study.methods) {
    const StudyMethod& here = maker.on_its_first_task(method);
    for (std::size_t i = 0; i < here.variants.size(); ++i) rows.push_back(maker.variant(here, i));
  }
  return rows;
}

/// Holm over all comparisons of variants in the table.
void adjust_variants(std::vector<ModelRows>& models) {
  std::vector<double> p_values;
  std::vector<TableValue*> compared;
  for (ModelRows& model : models) {
    for (StudyRow& row : model.rows) {
      for (TableValue& value : row.values) {
        if (!value.against_vanilla) continue;
        p_values.push_back(value.against_vanilla->p_value);
        compared.push_back(&value);
      }
    }
  }
  const std::vector<double> adjusted = holm(p_values);
  for (std::size_t i = 0; i < compared.size(); ++i) compared[i]->adjusted_p = adjusted[i];
}

}  // namespace

std::vector<ModelRows> table_rows(const Study& study, const TableKeys& keys,
                                  const std::vector<EntryResults>& results) {
  const bool variants = keys.rows == TableRows::variants;
  std::vector<ModelRows> models;
  for (const std::string& model : study.models) {
    const RowMaker maker(study, results, model);
    models.push_back(
        {model, variants ? variant_rows(study, maker) : method_rows(study, keys, maker)});
  }
  if (variants) adjust_variants(models);
  return models;
}

std::int64_t comparison_count(const std::vector<ModelRows>& models) {
  std::int64_t count = 0;
  for (const ModelRows& model : models) {
    for (const StudyRow& row : model.rows) {
      for (const TableValue& value : row.values) count += value.adjusted_p ? 1 : 0;
    }
  }
  return count;
}

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
