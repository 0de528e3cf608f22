// The filters that make one value of another, and how a filter is found.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <string_view>

#include "base/scan.hpp"
#include "text/jinja_functions.hpp"
#include "text/jinja_text.hpp"
#include "text/unicode.hpp"

namespace austeer::jinja {

namespace {

Value default_value(const FilterCall& call) {
  call.arguments.check("default", 2, {"default_value", "boolean"});
  const bool missing =
      call.value.is_undefined() || (call.flag(1, "boolean", false) && !truth(call.value));
  if (!missing) return call.value;
  const Value* standard = call.argument(0, "default_value");
  return standard == nullptr ? call.give("") : *standard;
}

Value replaced_text(const FilterCall& call) {
  Callable method;
  method.name = "replace";
  method.self = call.give(call.text());
  method.is_method = true;
  call.arguments.check("replace", 3, {"old", "new", "count"});
  const Value* old = call.argument(0, "old");
  const Value* by = call.argument(1, "new");
  const Value* count = call.argument(2, "count");
  if (old == nullptr || by == nullptr) throw Problem{"replace lacks an argument"};
  Arguments arguments{{call.give(display(*old, call.budget)), call.give(display(*by, call.budget))},
                      {}};
  if (count != nullptr && !count->is<None>()) arguments.placed.push_back(*count);
  return call_method(method, arguments, call.budget);
}

Value trimmed(const FilterCall& call) {
  call.arguments.check("trim", 1, {"chars"});
  const Value* chars = call.argument(0, "chars");
  std::optional<std::string> given;
  if (chars != nullptr && !chars->is<None>()) given = text_of(*chars, "trim");
  const std::string text = call.text();
  if (given) take_search(text, *given, call.budget);
  return call.give(std::string(strip(text, Ends::both, given)));
}

Value indented(const FilterCall& call) {
  call.arguments.check("indent", 3, {"width", "first", "blank"});
  const Value* width = call.argument(0, "width");
  std::string indent(4, ' ');
  if (width != nullptr && width->text() != nullptr) {
    indent = *width->text();
  } else if (width != nullptr) {
    const std::int64_t spaces = integer_of(*width, "indent");
    if (spaces > 10000) throw Problem{"indent: the width is too large"};
    indent.assign(spaces < 0 ? 0 : static_cast<std::size_t>(spaces), ' ');
  }
  const bool blank = call.flag(2, "blank", false);
  std::string result;
  bool is_first = true;
  take_lines(call.text(), call.budget);
  for (const std::string& line : split_lines(call.text() + "\n")) {
    call.budget.take_bytes(line.size() + indent.size() + 1);
    if (!is_first) result += '\n';
    if (is_first ? call.flag(1, "first", false) : blank || !line.empty()) result += indent;
    result += line;
    is_first = false;
  }
  return call.give(std::move(result));
}

/// The number of a text as int() and float() read it, without white space around it.
template <typename Number>
std::optional<Number> parsed_number(const std::string& text) {
  std::string digits(strip(text, Ends::both));
  if (digits.find('_') != std::string::npos) return std::nullopt;
  return parse_number<Number>(std::string_view(digits).substr(digits.starts_with('+') ? 1 : 0));
}

Value whole_of(double number, const Value& standard) {
  if (!std::isfinite(number)) return standard;
  if (std::abs(number) >= 9.2e18) throw Problem{"an integer needs more than 64 bits"};
  return static_cast<std::int64_t>(number);
}

Value as_integer(const FilterCall& call) {
  call.arguments.check("int", 1, {"default"});
  const Value* given = call.argument(0, "default");
  const Value standard = given == nullptr ? Value(std::int64_t{0}) : *given;
  std::int64_t whole = 0;
  if (call.value.integer(whole) != nullptr) return whole;
  if (call.value.is_number()) return whole_of(call.value.number(), standard);
  const std::string* text = call.value.text();
  if (text == nullptr) return standard;
  if (const auto number = parsed_number<std::int64_t>(*text)) return *number;
  const auto number = parsed_number<double>(*text);
  return number ? whole_of(*number, standard) : standard;
}

Value as_float(const FilterCall& call) {
  call.arguments.check("float", 1, {"default"});
  const Value* given = call.argument(0, "default");
  if (call.value.is_number()) return call.value.number();
  const std::string* text = call.value.text();
  const auto number = text == nullptr ? std::nullopt : parsed_number<double>(*text);
  if (number) return *number;
  return given == nullptr ? Value(0.0) : *given;
}

Value rounded(const FilterCall& call) {
  call.arguments.check("round", 2, {"precision", "method"});
  const std::int64_t precision = call.integer_argument(0, "precision", 0);
  const std::string method = call.text_argument(1, "method", "common");
  if (!call.value.is_number()) throw Problem{"round takes a number"};
  if (precision < 0 || precision > 15) throw Problem{"round: the precision is 0 to 15"};
  const double number = call.value.number();
  if (method == "ceil" || method == "floor") {
    const double scale = std::pow(10.0, static_cast<double>(precision));
    return (method == "ceil" ? std::ceil(number * scale) : std::floor(number * scale)) / scale;
  }
  if (method != "common") throw Problem{"round: the method is 'common', 'ceil' or 'floor'"};
  if (!call.value.is<double>()) return call.value;
  if (!std::isfinite(number)) return number;
  // Through decimal digits, which are rounded from the exact value, as Python does.
  return *parsed_number<double>(fmt::format("{:.{}f}", number, precision));
}

Value magnitude(const FilterCall& call) {
  call.arguments.check("abs", 0);
  if (!call.value.is_number()) throw Problem{"abs takes a number"};
  return call.value.number() < 0 ? negative(call.value)
                                 : arithmetic("+", call.value, std::int64_t{0}, call.budget);
}

Value json_text(const FilterCall& call) {
  call.arguments.check("tojson", 4, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ascii = call.flag(0, "ensure_ascii", false);
  style.sort_keys = call.flag(3, "sort_keys", false);
  const Value* indent = call.argument(1, "indent");
  if (indent != nullptr && !indent->is<None>()) {
    const std::int64_t width = integer_of(*indent, "tojson");
    if (width > 100) throw Problem{"tojson: the indent is too large"};
    style.indent = static_cast<int>(std::max<std::int64_t>(width, 0));
    style.item_separator = ",";
  }
  const Value* separators = call.argument(2, "separators");
  if (separators != nullptr && !separators->is<None>()) {
    const Sequence* pair = separators->sequence();
    if (pair == nullptr || pair->items.size() != 2) {
      throw Problem{"tojson: separators are two texts"};
    }
    style.item_separator = text_of(pair->items[0], "tojson");
    style.key_separator = text_of(pair->items[1], "tojson");
  }
  return call.give(to_json(call.value, style, call.budget));
}

Value with_text(const FilterCall& call, std::string (*change)(std::string_view)) {
  call.arguments.check(call.name, 0);
  return call.give(change(call.text()));
}

}  // namespace

const std::map<std::string_view, Filter>& value_filters() {
  static const std::map<std::string_view, Filter> table = {
      {"default", &default_value},
      {"d", &default_value},
      {"replace", &replaced_text},
      {"trim", &trimmed},
      {"indent", &indented},
      {"int", &as_integer},
      {"float", &as_float},
      {"round", &rounded},
      {"abs", &magnitude},
      {"tojson", &json_text},
      {"upper", [](const FilterCall& c) { return with_text(c, &upper_case); }},
      {"lower", [](const FilterCall& c) { return with_text(c, &lower_case); }},
      {"capitalize", [](const FilterCall& c) { return with_text(c, &capitalize); }},
      {"title", [](const FilterCall& c) { return with_text(c, &title); }},
      {"string", [](const FilterCall& c) {
         c.arguments.check("string", 0);
         return c.give(c.text());
       }}};
  return table;
}

Value apply_filter(const std::string& name, const Value& value, const Arguments& arguments,
                   Budget& budget) {
  const bool of_items = sequence_filters().contains(name);
  const auto& table = of_items ? sequence_filters() : value_filters();
  const auto found = table.find(name);
  if (found == table.end()) {
    throw Problem{fmt::format("the filter '{}' is not supported", name)};
  }
  const std::string* text = value.text();
  budget.take_steps(1 + (text == nullptr ? 0 : text->size() / 16));
  return found->second({name, value, arguments, budget});
}

// The tests: what stands after `is`.

namespace {

/// A test's question, with its argument.
struct TestCall {
  const Value& value;
  const Value* argument;
  Budget& budget;

  const Value& other() const {
    if (argument == nullptr) throw Problem{"a test lacks what it compares with"};
    return *argument;
  }
};

using Test = bool (*)(const TestCall&);

std::int64_t rest_of(const TestCall& call, std::int64_t divisor) {
  return *arithmetic("%", integer_of(call.value, "a test"), divisor, call.budget)
              .get<std::int64_t>();
}

bool is_sequence(const Value& value) {
  const Sequence* sequence = value.sequence();
  const bool has_places = sequence != nullptr && sequence->kind != SequenceKind::view &&
                          sequence->kind != SequenceKind::generator;
  return has_places || value.text() != nullptr || value.dict() != nullptr || value.is_undefined();
}

bool is_same(const TestCall& call) {
  const Value& other = call.other();
  if (call.value.is<double>() || call.value.text() != nullptr || call.value.sequence() != nullptr ||
      call.value.dict() != nullptr) {
    throw Problem{"sameas compares None, booleans and integers only"};
  }
  return call.value.is<bool>() == other.is<bool>() && equal(call.value, other, call.budget);
}

/// Whether the text has letters of a case and none of the other.
bool has_case(const TestCall& call, std::string (*to)(std::string_view),
              std::string (*away)(std::string_view)) {
  const std::string text = display(call.value, call.budget);
  return to(text) == text && away(text) != text;
}

const std::map<std::string_view, Test>& tests() {
  static const Test equals = [](const TestCall& c) { return equal(c.value, c.other(), c.budget); };
  static const Test unequal = [](const TestCall& c) {
    return !equal(c.value, c.other(), c.budget);
  };
  static const Test below = [](const TestCall& c) { return less(c.value, c.other(), c.budget); };
  static const Test above = [](const TestCall& c) { return less(c.other(), c.value, c.budget); };
  static const Test at_most = [](const TestCall& c) { return !less(c.other(), c.value, c.budget); };
  static const Test at_least = [](const TestCall& c) {
    return !less(c.value, c.other(), c.budget);
  };
  static const std::map<std::string_view, Test> table = {
      {"defined", [](const TestCall& c) { return !c.value.is_undefined(); }},
      {"undefined", [](const TestCall& c) { return c.value.is_undefined(); }},
      {"none", [](const TestCall& c) { return c.value.is<None>(); }},
      {"boolean", [](const TestCall& c) { return c.value.is<bool>(); }},
      {"true", [](const TestCall& c) { return c.value.is<bool>() && truth(c.value); }},
      {"false", [](const TestCall& c) { return c.value.is<bool>() && !truth(c.value); }},
      {"integer", [](const TestCall& c) { return c.value.is<std::int64_t>(); }},
      {"float", [](const TestCall& c) { return c.value.is<double>(); }},
      {"number", [](const TestCall& c) { return c.value.is_number(); }},
      {"string", [](const TestCall& c) { return c.value.text() != nullptr; }},
      {"mapping", [](const TestCall& c) { return c.value.dict() != nullptr; }},
      {"sequence", [](const TestCall& c) { return is_sequence(c.value); }},
      {"iterable",
       [](const TestCall& c) { return is_sequence(c.value) || c.value.sequence() != nullptr; }},
      {"callable",
       [](const TestCall& c) { return c.value.callable() != nullptr || c.value.is_undefined(); }},
      {"odd", [](const TestCall& c) { return rest_of(c, 2) == 1; }},
      {"even", [](const TestCall& c) { return rest_of(c, 2) == 0; }},
      {"divisibleby",
       [](const TestCall& c) { return rest_of(c, integer_of(c.other(), "divisibleby")) == 0; }},
      {"lower", [](const TestCall& c) { return has_case(c, &lower_case, &upper_case); }},
      {"upper", [](const TestCall& c) { return has_case(c, &upper_case, &lower_case); }},
      {"sameas", &is_same},
      {"in", [](const TestCall& c) { return contains(c.other(), c.value, c.budget); }},
      {"eq", equals},
      {"equalto", equals},
      {"==", equals},
      {"ne", unequal},
      {"!=", unequal},
      {"lt", below},
      {"lessthan", below},
      {"<", below},
      {"gt", above},
      {"greaterthan", above},
      {">", above},
      {"le", at_most},
      {"<=", at_most},
      {"ge", at_least},
      {">=", at_least}};
  return table;
}

}  // namespace

bool apply_test(const std::string& name, const Value& value, const Arguments& arguments,
                Budget& budget) {
  const auto found = tests().find(name);
  if (found == tests().end()) throw Problem{fmt::format("the test '{}' is not supported", name)};
  budget.take_steps();
  arguments.check(name, 1);
  return found->second({value, arguments.find(0), budget});
}

}  // namespace austeer::jinja
