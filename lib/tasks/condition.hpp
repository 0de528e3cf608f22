#pragma once
// Which records a task uses: conditions on their fields, such as
//   where: {prompt.toxicity: {below: 0.1}, challenging: {is: false}}

#include <string>
#include <vector>

#include "base/json.hpp"
#include "tasks/record.hpp"

namespace austeer {

enum class Comparison { below, above, is, is_not };

/// One comparison of a field with a value. `below` and `above` compare numbers, `is` and `is_not`
/// texts.
struct Condition {
  std::string field;
  Comparison comparison;
  std::string text;   ///< the value as it was written
  double number = 0;  ///< of below and above

  /// Whether `record` has the field and it compares so. A field that is missing, NaN, or no number
  /// where one is asked for, does not; an infinity is a number without a text. Throws FormatError
  /// for a list or an object.
  bool holds(const Record& record) const;
};

/// Whether all of `conditions` hold.
bool all_hold(const std::vector<Condition>& conditions, const Record& record);

/// The conditions at `key`, none where it is missing: field -> {comparison: value, ...}. Throws
/// FormatError for other comparisons and values.
std::vector<Condition> read_conditions(Fields& fields, const std::string& key);

/// The conditions in the form of the YAML file.
Json conditions_json(const std::vector<Condition>& conditions);

}  // namespace austeer
