#pragma once
// What a study's `table:` says, and the figures that it compares itself with.

#include <optional>
#include <string>

#include "studies/study.hpp"

namespace austeer {

enum class TableRows {
  methods,   ///< the unsteered model, each method as it was chosen, its controls
  variants,  ///< the unsteered model, every variant of each method on the items that it met
};

struct TableKeys {
  TableRows rows = TableRows::methods;  ///< default: variants where the study chooses nothing
  bool intervals = true;
  bool controls = true;
  bool average = true;  ///< default: where there are several tasks
  std::string title;    ///< default: the study's
};

/// Reads `table:` strictly. Throws FormatError with the nearest known key, UsageError for unknown
/// rows and for rows that the study does not have: where nothing is chosen, there are only
/// variants.
TableKeys read_table_keys(const Study& study);

/// The label of a variant's row: "AUSteer, k 16", or the method's name where it has one variant.
std::string variant_label(const StudyMethod& method, std::size_t variant);

/// The name of the average over a study's tasks among its published figures.
inline constexpr const char* published_average = "average";

/// The published figure for a row's label and a task (or published_average), in per cent.
std::optional<double> published_figure(const Study& study, const std::string& model,
                                       const std::string& label, const std::string& task);

/// Checks `published:`. Models, methods and tasks that the study does not run may be there, so that
/// studies can share one list. Throws FormatError unless it has model -> method -> task -> per
/// cent; UsageError for a method or task of one of its models whose name is nearly one of the
/// study's.
void check_published(const Study& study);

}  // namespace austeer
