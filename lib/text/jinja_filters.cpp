// The filters, and the tests, which filters ask too.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "base/utf8.hpp"
#include "text/jinja_functions.hpp"
#include "text/jinja_text.hpp"
#include "text/unicode.hpp"

namespace austeer::jinja {
namespace {

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

/// What the argument `attribute` names of an item: entries by names or places with dots between.
Value part_of(const Value& item_value, const Value& path, Budget& budget) {
  std::int64_t place = 0;
  if (path.integer(place) != nullptr) return item(item_value, path, budget);
  Value found = item_value;
  for (const std::string& name : split(text_of(path, "attribute"), ".", -1, false)) {
    const bool number = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
    std::int64_t at = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), at);
    const Value key = number && parsed.ec == std::errc() ? Value(at) : make_text(name, budget);
    found = item(found, key, budget);
  }
  return found;
}

/// What items are compared by: a part of them, texts in lower case where case does not count.
Value sort_key(const Value& value, const Value* path, bool case_sensitive, Budget& budget) {
  Value key = path == nullptr || path->is<None>() ? value : part_of(value, *path, budget);
  if (!case_sensitive && key.text() != nullptr) return make_text(lower_case(*key.text()), budget);
  return key;
}

std::size_t count_items(const FilterCall& call) {
  call.arguments.check(call.name, 0);
  const Value& value = call.value;
  if (value.is_undefined()) return 0;
  if (const std::string* text = value.text()) return length(*text);
  if (const Dict* dict = value.dict()) return dict->entries.size();
  const Sequence* sequence = value.sequence();
  if (sequence != nullptr && sequence->kind != SequenceKind::generator) {
    return sequence->items.size();
  }
  throw Problem{fmt::format("{} has no length", kind_name(value))};
}

Value default_value(const FilterCall& call) {
  call.arguments.check("default", 2, {"default_value", "boolean"});
  const bool missing =
      call.value.is_undefined() || (call.flag(1, "boolean", false) && !truth(call.value));
  if (!missing) return call.value;
  const Value* standard = call.argument(0, "default_value");
  return standard == nullptr ? call.give("") : *standard;
}

Value joined_texts(const FilterCall& call) {
  call.arguments.check("join", 2, {"d", "attribute"});
  const Value* between = call.argument(0, "d");
  const std::string separator = between == nullptr ? "" : display(*between, call.budget);
  const Value* path = call.argument(1, "attribute");
  std::string result;
  bool first = true;
  for (const Value& one : iterate(call.value, call.budget)) {
    if (!first) result += separator;
    first = false;
    const bool whole = path == nullptr || path->is<None>();
    const std::string part = display(whole ? one : part_of(one, *path, call.budget), call.budget);
    call.budget.take_bytes(part.size() + separator.size());
    result += part;
  }
  return call.give(std::move(result));
}

Value first_item(const FilterCall& call) {
  call.arguments.check("first", 0);
  const std::vector<Value> items = iterate(call.value, call.budget);
  return items.empty() ? make_undefined("the first item of nothing") : items.front();
}

Value last_item(const FilterCall& call) {
  call.arguments.check("last", 0);
  const Sequence* sequence = call.value.sequence();
  if (sequence != nullptr && sequence->kind == SequenceKind::generator) {
    throw Problem{"last: put |list after the filter before it"};
  }
  const std::vector<Value> items = iterate(call.value, call.budget);
  return items.empty() ? make_undefined("the last item of nothing") : items.back();
}

Value reversed(const FilterCall& call) {
  call.arguments.check("reverse", 0);
  const bool is_text = call.value.text() != nullptr;
  std::vector<Value> items = iterate(call.value, call.budget);
  std::ranges::reverse(items);
  if (!is_text) return call.give_list(std::move(items), SequenceKind::generator);
  std::string result;
  for (const Value& character : items) result += *character.text();
  return call.give(std::move(result));
}

Value sorted(const FilterCall& call) {
  call.arguments.check("sort", 3, {"reverse", "case_sensitive", "attribute"});
  const bool case_sensitive = call.flag(1, "case_sensitive", false);
  const Value* path = call.argument(2, "attribute");
  std::vector<std::pair<Value, Value>> keyed;
  for (const Value& one : iterate(call.value, call.budget)) {
    keyed.emplace_back(sort_key(one, path, case_sensitive, call.budget), one);
  }
  const bool descending = call.flag(0, "reverse", false);
  std::ranges::stable_sort(keyed, [&](const auto& a, const auto& b) {
    return descending ? less(b.first, a.first, call.budget) : less(a.first, b.first, call.budget);
  });
  std::vector<Value> items;
  for (auto& [key, value] : keyed) items.push_back(std::move(value));
  return call.give_list(std::move(items));
}

Value sorted_entries(const FilterCall& call) {
  call.arguments.check("dictsort", 3, {"case_sensitive", "by", "reverse"});
  if (call.value.dict() == nullptr) throw Problem{"dictsort takes a dict"};
  const bool case_sensitive = call.flag(0, "case_sensitive", false);
  const std::string by = call.text_argument(1, "by", "key");
  if (by != "key" && by != "value") throw Problem{"dictsort: by is 'key' or 'value'"};
  const bool descending = call.flag(2, "reverse", false);
  std::vector<std::pair<Value, Value>> keyed;
  for (const auto& [key, value] : call.value.dict()->entries) {
    keyed.emplace_back(sort_key(by == "key" ? key : value, nullptr, case_sensitive, call.budget),
                       make_sequence({key, value}, call.budget, SequenceKind::tuple));
  }
  std::ranges::stable_sort(keyed, [&](const auto& a, const auto& b) {
    return descending ? less(b.first, a.first, call.budget) : less(a.first, b.first, call.budget);
  });
  std::vector<Value> items;
  for (auto& [key, value] : keyed) items.push_back(std::move(value));
  return call.give_list(std::move(items));
}

Value extreme(const FilterCall& call, bool largest) {
  call.arguments.check(call.name, 2, {"case_sensitive", "attribute"});
  const bool case_sensitive = call.flag(0, "case_sensitive", false);
  const Value* path = call.argument(1, "attribute");
  const std::vector<Value> items = iterate(call.value, call.budget);
  if (items.empty()) return make_undefined("the extreme of nothing");
  const Value* best = &items.front();
  Value best_key = sort_key(*best, path, case_sensitive, call.budget);
  for (const Value& one : items) {
    Value key = sort_key(one, path, case_sensitive, call.budget);
    const bool better =
        largest ? less(best_key, key, call.budget) : less(key, best_key, call.budget);
    if (!better) continue;
    best = &one;
    best_key = std::move(key);
  }
  return *best;
}

Value distinct(const FilterCall& call) {
  call.arguments.check("unique", 2, {"case_sensitive", "attribute"});
  const bool case_sensitive = call.flag(0, "case_sensitive", false);
  const Value* path = call.argument(1, "attribute");
  std::vector<Value> items, keys;
  for (const Value& one : iterate(call.value, call.budget)) {
    Value key = sort_key(one, path, case_sensitive, call.budget);
    if (std::ranges::any_of(keys, [&](const Value& k) { return equal(k, key, call.budget); })) {
      continue;
    }
    keys.push_back(std::move(key));
    items.push_back(one);
  }
  return call.give_list(std::move(items), SequenceKind::generator);
}

Value summed(const FilterCall& call) {
  call.arguments.check("sum", 2, {"attribute", "start"});
  const Value* path = call.argument(0, "attribute");
  const Value* start = call.argument(1, "start");
  Value total = start == nullptr ? Value(std::int64_t{0}) : *start;
  for (const Value& one : iterate(call.value, call.budget)) {
    const bool whole = path == nullptr || path->is<None>();
    total = arithmetic("+", total, whole ? one : part_of(one, *path, call.budget), call.budget);
  }
  return total;
}

/// The arguments from `first` on, for the filter or test that one of them names.
Arguments following(const Arguments& arguments, std::size_t first) {
  Arguments rest;
  for (std::size_t i = first; i < arguments.placed.size(); ++i) {
    rest.placed.push_back(arguments.placed[i]);
  }
  rest.named = arguments.named;
  return rest;
}

Value mapped(const FilterCall& call) {
  std::vector<Value> items;
  if (const Value* path = call.argument(1000, "attribute")) {
    call.arguments.check("map", 2, {"attribute", "default"});
    const Value* standard = call.argument(1000, "default");
    for (const Value& one : iterate(call.value, call.budget)) {
      Value part = part_of(one, *path, call.budget);
      items.push_back(part.is_undefined() && standard != nullptr ? *standard : std::move(part));
    }
    return call.give_list(std::move(items), SequenceKind::generator);
  }
  const std::string filter = call.text_argument(0, "", "");
  const Arguments rest = following(call.arguments, 1);
  for (const Value& one : iterate(call.value, call.budget)) {
    items.push_back(apply_filter(filter, one, rest, call.budget));
  }
  return call.give_list(std::move(items), SequenceKind::generator);
}

/// select, reject, selectattr and rejectattr: the items of which a test says `wanted`.
Value selected(const FilterCall& call, bool by_attribute, bool wanted) {
  const std::size_t test_place = by_attribute ? 1 : 0;
  const Value* path = by_attribute ? call.argument(0, "") : nullptr;
  if (by_attribute && path == nullptr)
    throw Problem{fmt::format("{} lacks an argument", call.name)};
  const bool tests = call.arguments.placed.size() > test_place;
  const std::string test = call.text_argument(test_place, "", "");
  const Arguments rest = following(call.arguments, test_place + 1);
  std::vector<Value> items;
  for (const Value& one : iterate(call.value, call.budget)) {
    const Value value = path == nullptr ? one : part_of(one, *path, call.budget);
    const bool holds = tests ? apply_test(test, value, rest, call.budget) : truth(value);
    if (holds == wanted) items.push_back(one);
  }
  return call.give_list(std::move(items), SequenceKind::generator);
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
  return call.give(std::string(strip(call.text(), Ends::both, given)));
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
  const char* begin = digits.data() + (digits.starts_with('+') ? 1 : 0);
  const char* end = digits.data() + digits.size();
  Number number{};
  const auto [stop, error] = std::from_chars(begin, end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
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

Value entries(const FilterCall& call) {
  call.arguments.check("items", 0);
  std::vector<Value> pairs;
  if (const Dict* dict = call.value.dict()) {
    for (const auto& [key, value] : dict->entries) {
      pairs.push_back(make_sequence({key, value}, call.budget, SequenceKind::tuple));
    }
  } else if (!call.value.is_undefined()) {
    throw Problem{"items takes a dict"};
  }
  return call.give_list(std::move(pairs), SequenceKind::generator);
}

Value with_text(const FilterCall& call, std::string (*change)(std::string_view)) {
  call.arguments.check(call.name, 0);
  return call.give(change(call.text()));
}

const std::map<std::string_view, Filter>& filters() {
  static const std::map<std::string_view, Filter> table = {
      {"length",
       [](const FilterCall& c) -> Value { return static_cast<std::int64_t>(count_items(c)); }},
      {"count",
       [](const FilterCall& c) -> Value { return static_cast<std::int64_t>(count_items(c)); }},
      {"default", &default_value},
      {"d", &default_value},
      {"join", &joined_texts},
      {"first", &first_item},
      {"last", &last_item},
      {"reverse", &reversed},
      {"sort", &sorted},
      {"dictsort", &sorted_entries},
      {"min", [](const FilterCall& c) { return extreme(c, false); }},
      {"max", [](const FilterCall& c) { return extreme(c, true); }},
      {"unique", &distinct},
      {"sum", &summed},
      {"map", &mapped},
      {"select", [](const FilterCall& c) { return selected(c, false, true); }},
      {"reject", [](const FilterCall& c) { return selected(c, false, false); }},
      {"selectattr", [](const FilterCall& c) { return selected(c, true, true); }},
      {"rejectattr", [](const FilterCall& c) { return selected(c, true, false); }},
      {"replace", &replaced_text},
      {"trim", &trimmed},
      {"indent", &indented},
      {"int", &as_integer},
      {"float", &as_float},
      {"round", &rounded},
      {"abs", &magnitude},
      {"tojson", &json_text},
      {"items", &entries},
      {"upper", [](const FilterCall& c) { return with_text(c, &upper_case); }},
      {"lower", [](const FilterCall& c) { return with_text(c, &lower_case); }},
      {"capitalize", [](const FilterCall& c) { return with_text(c, &capitalize); }},
      {"title", [](const FilterCall& c) { return with_text(c, &title); }},
      {"string",
       [](const FilterCall& c) {
         c.arguments.check("string", 0);
         return c.give(c.text());
       }},
      {"list", [](const FilterCall& c) {
         c.arguments.check("list", 0);
         return c.give_list(iterate(c.value, c.budget));
       }}};
  return table;
}

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

Value apply_filter(const std::string& name, const Value& value, const Arguments& arguments,
                   Budget& budget) {
  const auto found = filters().find(name);
  if (found == filters().end()) {
    throw Problem{fmt::format("the filter '{}' is not supported", name)};
  }
  const std::string* text = value.text();
  budget.take_steps(1 + (text == nullptr ? 0 : text->size() / 16));
  return found->second({name, value, arguments, budget});
}

bool apply_test(const std::string& name, const Value& value, const Arguments& arguments,
                Budget& budget) {
  const auto found = tests().find(name);
  if (found == tests().end()) throw Problem{fmt::format("the test '{}' is not supported", name)};
  budget.take_steps();
  arguments.check(name, 1);
  return found->second({value, arguments.find(0), budget});
}

}  // namespace austeer::jinja
