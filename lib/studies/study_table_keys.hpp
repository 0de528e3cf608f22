#pragma once
// What a study's `table:` says, and the figures that it compares itself with.

#include <array>
#include <compare>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/settings.hpp"

namespace austeer {

struct Study;
struct StudyMethod;

enum class TableRows {
  methods,   ///< the unsteered model, each method as it was chosen, its controls
  variants,  ///< the unsteered model, every variant of each method on the items that it met
};

constexpr auto enum_table(TableRows) {
  return EnumTable{"study", "kind of a table's rows",
                   std::array{std::pair{"methods", TableRows::methods},
                              std::pair{"variants", TableRows::variants}}};
}

template <>
struct JsonForm<TableRows> : UsageJsonForm<TableRows> {};

enum class TableSections {
  models,  ///< a section for each model, with columns for each task
  tasks,   ///< a section for each model and task, with the same columns: for many tasks
};

constexpr auto enum_table(TableSections) {
  return EnumTable{"study", "kind of a table's sections",
                   std::array{std::pair{"models", TableSections::models},
                              std::pair{"tasks", TableSections::tasks}}};
}

template <>
struct JsonForm<TableSections> : UsageJsonForm<TableSections> {};

struct TableKeys {
  TableRows rows = TableRows::methods;  ///< default: variants where the study chooses nothing
  TableSections sections = TableSections::models;
  bool intervals = true;
  bool controls = true;
  bool average = true;  ///< default: where columns are of several tasks
  std::string title;    ///< default: the study's
};

void describe(auto& visit, SettingsOf<TableKeys> auto& table) {
  visit(table.rows, {.key = "rows"});
  visit(table.sections, {.key = "sections"});
  visit(table.intervals, {.key = "intervals"});
  visit(table.controls, {.key = "controls"});
  visit(table.average, {.key = "average"});
  visit(table.title, {.key = "title"});
}

/// Reads `table:` strictly. Throws FormatError with the nearest known key, UsageError for unknown
/// rows and for rows that the study does not have: where nothing is chosen, there are only
/// variants.
TableKeys read_table_keys(const Json& table, const Study& study);

/// The label of a variant's row: "AUSteer, k 16", or the method's name where it has one variant.
std::string variant_label(const StudyMethod& method, std::size_t variant);

/// The name of the average over a study's tasks among its published figures.
inline constexpr const char* published_average = "average";

/// The figures that a study compares itself with, in per cent.
class PublishedFigures {
 public:
  void add(const std::string& model, const std::string& label, const std::string& task,
           double per_cent);

  /// The figure for a row's label and a task (or published_average); nothing where there is none.
  std::optional<double> find(const std::string& model, const std::string& label,
                             const std::string& task) const;

 private:
  struct Place {
    std::string model, label, task;
    auto operator<=>(const Place&) const = default;
  };
  std::map<Place, double> figures_;
};

/// Reads `published:`, model -> method -> task -> per cent. Models, methods and tasks that the
/// study does not run may be there, so that studies can share one list. Throws FormatError for
/// another shape; UsageError for a method or task of one of its models whose name is nearly one of
/// the study's.
PublishedFigures read_published(const Json& published, const Study& study);

}  // namespace austeer
