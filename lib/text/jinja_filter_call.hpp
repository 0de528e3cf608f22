#pragma once
// What a filter is given, and the two tables of filters: those of sequences and those of texts and
// numbers.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja_functions.hpp"

namespace austeer::jinja {

/// A filter's call: what stands before it, and its arguments.
struct FilterCall {
  std::string_view name;
  const Value& value;
  const Arguments& arguments;
  Budget& budget;

  std::string text() const { return display(value, budget); }
  Value give(std::string result) const { return make_text(std::move(result), budget); }
  Value give_list(std::vector<Value> items, SequenceKind kind = SequenceKind::list) const {
    return make_sequence(std::move(items), budget, kind);
  }
  const Value* argument(std::size_t place, std::string_view keyword) const {
    return arguments.find(place, keyword);
  }
  bool flag(std::size_t place, std::string_view keyword, bool standard) const {
    const Value* found = argument(place, keyword);
    return found == nullptr ? standard : truth(*found);
  }
  std::string text_argument(std::size_t place, std::string_view keyword,
                            std::string_view standard) const {
    const Value* found = argument(place, keyword);
    return found == nullptr ? std::string(standard) : text_of(*found, name);
  }
  std::int64_t integer_argument(std::size_t place, std::string_view keyword,
                                std::int64_t standard) const {
    const Value* found = argument(place, keyword);
    return found == nullptr ? standard : integer_of(*found, name);
  }
};

using Filter = Value (*)(const FilterCall&);

/// length, join, sort, map, select, ...: what goes through items.
const std::map<std::string_view, Filter>& sequence_filters();
/// upper, trim, int, round, tojson, ...: what makes one value of another.
const std::map<std::string_view, Filter>& value_filters();

}  // namespace austeer::jinja
