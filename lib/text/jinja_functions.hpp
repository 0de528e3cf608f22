#pragma once
// What expressions of a chat template are made of beside their syntax: operators, attributes,
// filters, tests and methods, as Python and Jinja define them. What is not supported is refused by
// its name when it is reached, so that a template may have it where a plain conversation never
// goes.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja_value.hpp"

namespace austeer::jinja {

/// The arguments of a call.
struct Arguments {
  std::vector<Value> placed;
  std::vector<std::pair<std::string, Value>> named;

  /// The argument at `place`, or called `name` ("": it has none); null where it is missing.
  const Value* find(std::size_t place, std::string_view name = {}) const;
  /// Throws Problem for more than `most` arguments, and for names that are none of `names`.
  void check(std::string_view called, std::size_t most,
             const std::vector<std::string_view>& names = {}) const;
};

// All throw Problem for values that they do not take.

/// `sign` is one of + - * / // % **.
Value arithmetic(std::string_view sign, const Value& a, const Value& b, Budget& budget);
Value negative(const Value& value);
/// Python's `in`.
bool contains(const Value& container, const Value& part, Budget& budget);
/// value[start:stop:step]; None where a place is not given.
Value slice(const Value& value, const Value& start, const Value& stop, const Value& step,
            Budget& budget);

/// value.name: a method, else an entry; undefined where there is neither.
Value attribute(const Value& value, const std::string& name, Budget& budget);
/// value[key]: an entry, else what value.key is.
Value item(const Value& value, const Value& key, Budget& budget);

/// value|name(arguments).
Value apply_filter(const std::string& name, const Value& value, const Arguments& arguments,
                   Budget& budget);
/// value is name(arguments).
bool apply_test(const std::string& name, const Value& value, const Arguments& arguments,
                Budget& budget);
/// method.self.name(arguments).
Value call_method(const Callable& method, const Arguments& arguments, Budget& budget);

/// Whether values of its kind have a method of that name in Python, supported or not.
bool has_method(const Value& value, std::string_view name);

/// Takes the steps of looking for `part` in `text`, which may be their product.
void take_search(std::string_view text, std::string_view part, Budget& budget);

/// Takes what split_lines(text) makes from the budget.
void take_lines(std::string_view text, Budget& budget);

/// The text of an argument. Throws Problem where it is none.
const std::string& text_of(const Value& value, std::string_view whose);
/// The integer of an argument. Throws Problem where it is none.
std::int64_t integer_of(const Value& value, std::string_view whose);

// What a filter is given, and the two tables of filters: those of sequences and those of texts and
// numbers.

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
