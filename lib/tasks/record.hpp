#pragma once
// A record: one item of a data set, whatever the file's format, and the paths that name what is in
// it: "question", "prompt.text", "choices[0]", "choices.text[-1]", "choices[answer]".

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/settings.hpp"

namespace austeer {

struct Record {
  std::string place;             ///< "dev.jsonl:12" (the line), or "test.json: item 3"
  Json fields = Json::object();  ///< values keep their kind; those of CSV and XML are texts

  /// The value at `path`, or nullptr where the record has none, or null. A dot names a field of an
  /// object; brackets an element of a list, counted from 0, or from the end where negative, or by
  /// the whole number that another field has; of an object, the value under the key that another
  /// field has. A field that is called like the whole path comes first. Throws FormatError, naming
  /// path and place, for brackets that are not closed, that stand behind what is neither a list nor
  /// an object, or that lead beyond a list's end.
  const Json* find(const std::string& path) const;
};

// Which records a task uses: conditions on their fields, such as
//   where: {prompt.toxicity: {below: 0.1}, challenging: {is: false}}

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
