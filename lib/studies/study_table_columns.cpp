#include "studies/study_table_columns.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "studies/study_findings.hpp"
#include "studies/study_numbers.hpp"
#include "studies/study_table_notes.hpp"

namespace austeer {
namespace {

std::string activations_text(std::span<const TableValue> values) {
  std::optional<std::int64_t> least, most;
  for (const TableValue& value : values) {
    if (value.measured == nullptr) continue;
    const std::int64_t activations = value.measured->activations_per_token;
    least = std::min(least.value_or(activations), activations);
    most = std::max(most.value_or(activations), activations);
  }
  if (!least) return "";
  if (*least == *most) return std::to_string(*least);
  return fmt::format("{}\u2013{}", *least, *most);
}

/// A mean over tasks; nothing unless all of them are there.
struct TaskAverage {
  std::vector<std::size_t> tasks;

  template <typename Pick>
  std::optional<double> of(const StudyRow& row, Pick pick) const {
    double sum = 0;
    for (const std::size_t task : tasks) {
      const std::optional<double> value = pick(row.values[task]);
      if (!value) return std::nullopt;
      sum += *value;
    }
    return sum / static_cast<double>(tasks.size());
  }

  std::optional<double> accuracy(const StudyRow& row) const {
    return of(row, [](const TableValue& value) -> std::optional<double> {
      if (value.measured == nullptr) return std::nullopt;
      return value.measured->accuracy;
    });
  }

  std::optional<double> difference(const StudyRow& row) const {
    return of(row, [](const TableValue& value) -> std::optional<double> {
      if (!value.against_vanilla) return std::nullopt;
      return value.against_vanilla->difference;
    });
  }
};

/// Builds the list of columns.
class ColumnMaker {
 public:
  ColumnMaker(const Study& study, const TableKeys& keys, const std::vector<EntryResults>& results,
              const std::vector<ModelRows>& models, TableReader reader)
      : study_(study), keys_(keys), results_(results), models_(models), reader_(reader) {}

  std::vector<StudyColumn> columns() {
    add_first();
    for (std::size_t task = 0; task < study_.tasks.size(); ++task) {
      for (StudyColumn& column : task_columns(asked_of(task))) {
        columns_.push_back(std::move(column));
      }
    }
    if (keys_.average && !study_.tasks.empty()) add_average();
    return std::move(columns_);
  }

  TaskColumnsAsked asked_of(std::size_t task) const {
    const StudyTask& of = study_.tasks[task];
    TaskColumnsAsked asked;
    asked.name = of.name;
    asked.task = task;
    asked.published = has_published(study_, models_, of.name);
    asked.toxic = is_detoxification(of, results_);
    asked.judged = is_judged(of, results_);
    asked.accuracy_header = accuracy_header(asked);
    asked.intervals = keys_.intervals;
    asked.form = any_measured(task, [](const Measured& of) { return of.form.has_value(); });
    asked.draws = any_measured(task, [](const Measured& of) { return !of.draws.empty(); });
    asked.reader = reader_;
    return asked;
  }

 private:
  std::function<std::string(double)> points() const {
    const int shown = shown_decimals(reader_);
    return [shown](double share) { return points_text(share, shown); };
  }

  /// "ours (%)" and, where the reader could take it for more than it is, how it was chosen.
  std::string accuracy_header(const TaskColumnsAsked& of) const {
    return accuracy_header(of.judged      ? "win rate"
                           : of.published ? "ours"
                           : of.toxic     ? "not toxic"
                                          : "accuracy");
  }

  std::string accuracy_header(std::string header) const {
    if (study_.select == Selection::test && has_grid(study_)) header += ", best on test";
    return header + " (%)";
  }

  template <typename Test>
  bool any_measured(std::size_t task, Test test) const {
    return std::ranges::any_of(models_, [&](const ModelRows& model) {
      return std::ranges::any_of(model.rows, [&](const StudyRow& row) {
        const Measured* measured = row.values[task].measured;
        return measured != nullptr && test(*measured);
      });
    });
  }

  void add_first() {
    const bool variants = keys_.rows == TableRows::variants;
    columns_.push_back({{variants ? "variant" : "method", Align::left, ""},
                        [](const StudyRow& row) -> Cell { return row.label; }});
    columns_.push_back({{"#Acts", Align::right, ""}, [](const StudyRow& row) -> Cell {
                          const std::string text = activations_text(row.values);
                          if (text.empty()) return {};
                          return text;
                        }});
  }

  void add_average() {
    const TaskAverage average{averaged_tasks(study_, results_)};
    const bool published = has_published(study_, models_, published_average) ||
                           std::ranges::all_of(average.tasks, [&](std::size_t task) {
                             return has_published(study_, models_, study_.tasks[task].name);
                           });
    const auto accuracy = [average](const StudyRow& row) { return average.accuracy(row); };
    const int shown = shown_decimals(reader_);
    StudyColumn ours =
        number_column("average", accuracy_header(published ? "ours" : "accuracy"), accuracy,
                      [shown](double share) { return percent_text(share, shown); });
    ours.value = accuracy;
    columns_.push_back(std::move(ours));
    StudyColumn difference = number_column(
        "average", "\u0394 (points)",
        [average](const StudyRow& row) { return average.difference(row); }, points());
    const auto cell = difference.cell;
    difference.cell = [cell](const StudyRow& row) -> Cell {
      return row.is_vanilla ? Cell("") : cell(row);
    };
    columns_.push_back(std::move(difference));
    if (published) add_published_average(average);
  }

  void add_published_average(const TaskAverage& average) {
    const auto paper = [average](const StudyRow& row) -> std::optional<double> {
      if (row.published_average) return row.published_average;
      return average.of(row, [](const TableValue& value) { return value.published; });
    };
    columns_.push_back(number_column("average", "paper (%)", paper, [](double per_cent) {
      return fmt::format("{:.2f}", per_cent);
    }));
    columns_.push_back(number_column(
        "average", "ours \u2212 paper",
        [average, paper](const StudyRow& row) {
          return minus_published(average.accuracy(row), paper(row));
        },
        points()));
  }

  const Study& study_;
  const TableKeys& keys_;
  const std::vector<EntryResults>& results_;
  const std::vector<ModelRows>& models_;
  TableReader reader_;
  std::vector<StudyColumn> columns_;
};

}  // namespace

std::vector<StudyColumn> study_columns(const Study& study, const TableKeys& keys,
                                       const std::vector<EntryResults>& results,
                                       const std::vector<ModelRows>& models, TableReader reader) {
  return ColumnMaker(study, keys, results, models, reader).columns();
}

std::vector<StudyColumn> columns_of_task(const Study& study, const TableKeys& keys,
                                         const std::vector<EntryResults>& results,
                                         const std::vector<ModelRows>& models, TableReader reader,
                                         std::size_t task) {
  TaskColumnsAsked asked = ColumnMaker(study, keys, results, models, reader).asked_of(task);
  asked.name = "";
  std::vector<StudyColumn> columns = {
      {{"#Acts", Align::right, ""}, [task](const StudyRow& row) -> Cell {
         const std::string text = activations_text(std::span(row.values).subspan(task, 1));
         if (text.empty()) return {};
         return text;
       }}};
  for (StudyColumn& column : task_columns(asked)) columns.push_back(std::move(column));
  return columns;
}

}  // namespace austeer
