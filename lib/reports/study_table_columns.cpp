#include "reports/study_table_columns.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "reports/findings.hpp"
#include "reports/study_table_notes.hpp"
#include "studies/study_numbers.hpp"

namespace austeer {

namespace {

using ColumnText = std::function<std::string(double)>;

/// A published figure with the decimals that it was given with.
std::string published_text(double per_cent) { return fmt::format("{}", per_cent); }

/// The columns of one task.
class TaskColumns {
 public:
  explicit TaskColumns(const TaskColumnsAsked& asked)
      : name_(asked.name), task_(asked.task), asked_(asked) {}

  StudyColumn accuracy() const {
    const std::size_t task = task_;
    const int decimals = shown_decimals(asked_.reader);
    const bool one_cell = asked_.reader == TableReader::person;
    const bool intervals = asked_.intervals && one_cell;
    const auto value = [task](const StudyRow& row) -> std::optional<double> {
      const Measured* measured = row.values[task].measured;
      if (measured == nullptr) return std::nullopt;
      return measured->accuracy;
    };
    const auto cell = [task, intervals, one_cell, decimals](const StudyRow& row) -> Cell {
      const Measured* measured = row.values[task].measured;
      if (measured == nullptr) return {};
      std::string text = percent_text(measured->accuracy, decimals);
      if (intervals) text += " " + percent_interval(measured->interval);
      if (one_cell && !measured->draws.empty()) text += " " + draws_text(measured->draws);
      return text;
    };
    return {{asked_.accuracy_header, Align::right, name_}, cell, value};
  }

  /// What the difference to the unsteered model is called.
  std::string difference_name() const { return asked_.judged ? "\u0394WR" : "\u0394"; }

  StudyColumn difference() const {
    const std::size_t task = task_;
    const bool intervals = asked_.intervals;
    const auto cell = [task, intervals](const StudyRow& row) -> Cell {
      const TableValue& value = row.values[task];
      if (row.is_vanilla) return "";
      if (!value.against_vanilla) return {};
      std::string text = points_text(value.against_vanilla->difference);
      if (value.adjusted_p && *value.adjusted_p < significance_level) text += "*";
      if (intervals) text += " " + points_interval(value.against_vanilla->interval);
      return text;
    };
    return {{difference_name() + " (points)", Align::right, name_}, cell};
  }

  /// A number that `pick` takes from a value of this task.
  template <typename Pick>
  StudyColumn number(const std::string& header, Pick pick, ColumnText text) const {
    const std::size_t task = task_;
    return number_column(
        name_, header,
        [task, pick](const StudyRow& row) -> std::optional<double> {
          return pick(row.values[task]);
        },
        std::move(text));
  }

  StudyColumn mean(const std::string& header, std::optional<double> Measured::*of) const {
    const auto pick = [of](const TableValue& value) -> std::optional<double> {
      if (value.measured == nullptr) return {};
      return value.measured->*of;
    };
    return number(header, pick, [](double number) { return fmt::format("{:.2f}", number); });
  }

 private:
  std::string name_;
  std::size_t task_;
  const TaskColumnsAsked& asked_;
};

std::optional<double> task_minus_published(const TableValue& value) {
  if (value.measured == nullptr) return std::nullopt;
  return minus_published(value.measured->accuracy, value.published);
}

std::optional<double> share_in_form(const TableValue& value) {
  if (value.measured == nullptr || !value.measured->form) return std::nullopt;
  return value.measured->form->share();
}

std::optional<double> accuracy_in_form(const TableValue& value) {
  if (value.measured == nullptr || !value.measured->form) return std::nullopt;
  return value.measured->form->accuracy();
}

/// Interval ends, p-values and so on, each in a column of its own.
void add_program_columns(std::vector<StudyColumn>& columns, const TaskColumns& task, bool intervals,
                         bool draws) {
  using Picked = std::optional<double>;
  const auto compared = [](auto pick) {
    return [pick](const TableValue& value) -> Picked {
      if (!value.against_vanilla) return std::nullopt;
      return pick(*value.against_vanilla);
    };
  };
  const auto measured = [](auto pick) {
    return [pick](const TableValue& value) -> Picked {
      if (value.measured == nullptr) return std::nullopt;
      return pick(*value.measured);
    };
  };
  const auto percent = [](double share) { return percent_text(share, 2); };
  const auto points = [](double share) { return points_text(share, 2); };
  const auto plain = [](double number) { return fmt::format("{:.4g}", number); };
  if (intervals) {
    columns.push_back(
        task.number("low", measured([](const auto& of) { return of.interval.low; }), percent));
    columns.push_back(
        task.number("high", measured([](const auto& of) { return of.interval.high; }), percent));
  }
  if (draws) {
    const auto drawn = [&](auto pick) {
      return measured([pick](const Measured& of) -> Picked {
        if (of.draws.empty()) return std::nullopt;
        return pick(of.draws);
      });
    };
    columns.push_back(task.number(
        "least draw", drawn([](const auto& all) { return std::ranges::min(all); }), percent));
    columns.push_back(task.number(
        "greatest draw", drawn([](const auto& all) { return std::ranges::max(all); }), percent));
  }
  const std::string delta = task.difference_name();
  columns.push_back(task.number(delta + " (points)",
                                compared([](const auto& of) { return of.difference; }), points));
  if (intervals) {
    columns.push_back(task.number(
        delta + " low", compared([](const auto& of) { return of.interval.low; }), points));
    columns.push_back(task.number(
        delta + " high", compared([](const auto& of) { return of.interval.high; }), points));
  }
  columns.push_back(task.number(
      "adjusted p", [](const TableValue& value) { return value.adjusted_p; }, plain));
}

}  // namespace

std::vector<StudyColumn> task_columns(const TaskColumnsAsked& asked) {
  const TaskColumns made(asked);
  const int decimals = shown_decimals(asked.reader);
  std::vector<StudyColumn> columns = {made.accuracy()};
  if (asked.reader == TableReader::program) {
    add_program_columns(columns, made, asked.intervals, asked.draws);
  } else {
    columns.push_back(made.difference());
  }
  if (asked.form) {
    const auto percent = [decimals](double share) { return percent_text(share, decimals); };
    columns.push_back(made.number("in form (%)", share_in_form, percent));
    columns.push_back(made.number("right of those (%)", accuracy_in_form, percent));
  }
  if (asked.published) {
    columns.push_back(made.number(
        asked.judged ? "paper (\u0394WR)" : "paper (%)",
        [](const TableValue& value) { return value.published; }, published_text));
  }
  if (asked.published && !asked.toxic && !asked.judged) {
    columns.push_back(
        made.number("ours \u2212 paper", task_minus_published,
                    [decimals](double share) { return points_text(share, decimals); }));
  }
  if (asked.toxic) {
    columns.push_back(made.mean("cost", &Measured::cost));
    columns.push_back(made.mean("fluency", &Measured::fluency));
  }
  return columns;
}

StudyColumn number_column(const std::string& group, const std::string& header,
                          std::function<std::optional<double>(const StudyRow&)> value,
                          std::function<std::string(double)> text) {
  return {{header, Align::right, group}, [value, text](const StudyRow& row) -> Cell {
            const std::optional<double> number = value(row);
            if (!number) return {};
            return text(*number);
          }};
}

std::optional<double> minus_published(std::optional<double> ours, std::optional<double> published) {
  if (!ours || !published) return std::nullopt;
  return *ours - *published / 100;
}

int shown_decimals(TableReader reader) { return reader == TableReader::program ? 2 : 1; }

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
