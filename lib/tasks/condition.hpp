#pragma once
// Which records a task uses: conditions on their fields, such as
//   where: {prompt.toxicity: {below: 0.1}, challenging: {is: false}}

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "tasks/record.hpp"

namespace austeer {

enum class Comparison { below, above, is, is_not };

constexpr auto enum_table(Comparison) {
  return EnumTable{
      "task", "comparison",
      std::array{std::pair{"below", Comparison::below}, std::pair{"above", Comparison::above},
                 std::pair{"is", Comparison::is}, std::pair{"is_not", Comparison::is_not}}};
}

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

/// field -> {comparison: value, ...}. Reading throws FormatError for other comparisons and values.
template <>
struct JsonForm<std::vector<Condition>> {
  static void read(Fields& fields, const std::string& key, std::vector<Condition>& conditions);
  static Json json(const std::vector<Condition>& conditions);
};

}  // namespace austeer
