// The methods of texts, lists and dicts.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "base/utf8.hpp"
#include "text/jinja_functions.hpp"
#include "text/jinja_text.hpp"
#include "text/unicode.hpp"

namespace austeer::jinja {
namespace {

/// A method's call: what it is called on, with what.
struct MethodCall {
  const Callable& method;
  const Arguments& arguments;
  Budget& budget;

  const std::string& text() const { return *method.self.text(); }
  const Dict& dict() const { return *method.self.dict(); }
  const Sequence& sequence() const { return *method.self.sequence(); }

  Value give(std::string result) const { return make_text(std::move(result), budget); }
  Value give_all(const std::vector<std::string>& parts) const {
    std::vector<Value> items;
    for (const std::string& part : parts) items.push_back(give(part));
    return make_sequence(std::move(items), budget);
  }
  /// The argument at `place`, a text. Throws Problem where it is missing or none.
  const std::string& text_argument(std::size_t place) const {
    const Value* found = arguments.find(place);
    if (found == nullptr) throw Problem{fmt::format("{}() lacks an argument", method.name)};
    return text_of(*found, method.name);
  }
  /// The same, or nothing where it is missing or None.
  std::optional<std::string> optional_text(std::size_t place, std::string_view name = {}) const {
    const Value* found = arguments.find(place, name);
    if (found == nullptr || found->is<None>()) return std::nullopt;
    return text_of(*found, method.name);
  }
  std::int64_t integer_argument(std::size_t place, std::string_view name,
                                std::int64_t standard) const {
    const Value* found = arguments.find(place, name);
    return found == nullptr ? standard : integer_of(*found, method.name);
  }
};

using Method = Value (*)(const MethodCall&);

Value stripped(const MethodCall& call, Ends ends) {
  call.arguments.check(call.method.name, 1);
  const std::optional<std::string> characters = call.optional_text(0);
  if (characters) take_search(call.text(), *characters, call.budget);
  return call.give(std::string(strip(call.text(), ends, characters)));
}

Value split_text(const MethodCall& call, bool from_end) {
  call.arguments.check(call.method.name, 2, {"sep", "maxsplit"});
  const std::optional<std::string> separator = call.optional_text(0, "sep");
  if (separator && separator->empty()) throw Problem{"split() at an empty text"};
  if (separator) take_search(call.text(), *separator, call.budget);
  const std::size_t parts =
      1 + (separator ? count_of(call.text(), *separator) : call.text().size() / 2);
  call.budget.take_bytes(call.text().size() + parts * sizeof(std::string));
  return call.give_all(
      split(call.text(), separator, call.integer_argument(1, "maxsplit", -1), from_end));
}

/// startswith and endswith: with a text, or any of a tuple.
Value has_affix(const MethodCall& call, bool (*has)(std::string_view, std::string_view)) {
  call.arguments.check(call.method.name, 1);
  const Value* given = call.arguments.find(0);
  if (given != nullptr && given->sequence() != nullptr &&
      given->sequence()->kind == SequenceKind::tuple) {
    return std::ranges::any_of(given->sequence()->items, [&](const Value& one) {
      const std::string& affix = text_of(one, call.method.name);
      call.budget.take_steps(1 + affix.size() / 64);
      return has(call.text(), affix);
    });
  }
  return has(call.text(), call.text_argument(0));
}

Value replaced(const MethodCall& call) {
  call.arguments.check("replace", 3, {"count"});
  const std::string& old = call.text_argument(0);
  const std::string& by = call.text_argument(1);
  const std::string& text = call.text();
  take_search(text, old, call.budget);
  const std::size_t found = old.empty() ? text.size() + 1 : count_of(text, old);
  call.budget.take_bytes(text.size());
  if (by.size() > 0 && found > (std::size_t{1} << 32) / by.size()) {
    throw Problem{"replace() makes too much text"};
  }
  call.budget.take_bytes(found * by.size());
  return call.give(replace(text, old, by, call.integer_argument(2, "count", -1)));
}

Value joined_items(const MethodCall& call) {
  call.arguments.check("join", 1);
  const Value* items = call.arguments.find(0);
  if (items == nullptr) throw Problem{"join() lacks an argument"};
  std::string result;
  bool first = true;
  for (const Value& one : iterate(*items, call.budget)) {
    if (!first) result += call.text();
    first = false;
    const std::string& part = text_of(one, "join()");
    call.budget.take_bytes(part.size() + call.text().size());
    result += part;
  }
  return call.give(std::move(result));
}

/// find and rfind: the place by code points, -1 where there is none.
Value found_at(const MethodCall& call, bool from_end) {
  call.arguments.check(call.method.name, 1);
  const std::string& text = call.text();
  const std::string& part = call.text_argument(0);
  take_search(text, part, call.budget);
  const std::size_t byte = from_end ? text.rfind(part) : text.find(part);
  if (byte == std::string::npos) return std::int64_t{-1};
  return static_cast<std::int64_t>(length(std::string_view(text).substr(0, byte)));
}

Value without_affix(const MethodCall& call, bool front) {
  call.arguments.check(call.method.name, 1);
  std::string_view text = call.text();
  const std::string& affix = call.text_argument(0);
  if (front && text.starts_with(affix)) text.remove_prefix(affix.size());
  if (!front && text.ends_with(affix)) text.remove_suffix(affix.size());
  return call.give(std::string(text));
}

bool all_characters(std::string_view text, bool (*holds)(char32_t)) {
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = code_point_at(text, i);
    if (!holds(point.value)) return false;
    i += point.length;
  }
  return !text.empty();
}

Value changed(const MethodCall& call, std::string (*change)(std::string_view)) {
  call.arguments.check(call.method.name, 0);
  return call.give(change(call.text()));
}

Value entry_or_default(const MethodCall& call) {
  call.arguments.check("get", 2);
  const Value* key = call.arguments.find(0);
  if (key == nullptr) throw Problem{"get() lacks an argument"};
  if (const Value* found = call.dict().find(*key, call.budget)) return *found;
  const Value* standard = call.arguments.find(1);
  return standard == nullptr ? Value(None()) : *standard;
}

Value entries_of(const MethodCall& call) {
  call.arguments.check("items", 0);
  std::vector<Value> items;
  for (const auto& [key, value] : call.dict().entries) {
    items.push_back(make_sequence({key, value}, call.budget, SequenceKind::tuple));
  }
  return make_sequence(std::move(items), call.budget, SequenceKind::view);
}

Value column_of(const MethodCall& call, Value std::pair<Value, Value>::*column) {
  call.arguments.check(call.method.name, 0);
  std::vector<Value> items;
  for (const auto& entry : call.dict().entries) items.push_back(entry.*column);
  return make_sequence(std::move(items), call.budget, SequenceKind::view);
}

std::size_t occurrences(const MethodCall& call) {
  call.arguments.check(call.method.name, 1);
  const Value* wanted = call.arguments.find(0);
  if (wanted == nullptr) throw Problem{"count() lacks an argument"};
  return static_cast<std::size_t>(std::ranges::count_if(
      call.sequence().items, [&](const Value& one) { return equal(one, *wanted, call.budget); }));
}

Value place_of(const MethodCall& call) {
  call.arguments.check("index", 1);
  const std::vector<Value>& items = call.sequence().items;
  for (std::size_t i = 0; call.arguments.find(0) != nullptr && i < items.size(); ++i) {
    if (equal(items[i], *call.arguments.find(0), call.budget)) return static_cast<std::int64_t>(i);
  }
  throw Problem{"index() finds no such item"};
}

// Methods that Python has beside these are refused when they are called.

const std::map<std::string_view, Method>& text_methods() {
  static const std::map<std::string_view, Method> table = {
      {"strip", [](const MethodCall& c) { return stripped(c, Ends::both); }},
      {"lstrip", [](const MethodCall& c) { return stripped(c, Ends::front); }},
      {"rstrip", [](const MethodCall& c) { return stripped(c, Ends::back); }},
      {"split", [](const MethodCall& c) { return split_text(c, false); }},
      {"rsplit", [](const MethodCall& c) { return split_text(c, true); }},
      {"splitlines",
       [](const MethodCall& c) {
         c.arguments.check("splitlines", 0);
         take_lines(c.text(), c.budget);
         return c.give_all(split_lines(c.text()));
       }},
      {"startswith",
       [](const MethodCall& c) {
         return has_affix(c,
                          [](std::string_view t, std::string_view a) { return t.starts_with(a); });
       }},
      {"endswith",
       [](const MethodCall& c) {
         return has_affix(c, [](std::string_view t, std::string_view a) { return t.ends_with(a); });
       }},
      {"replace", &replaced},
      {"join", &joined_items},
      {"find", [](const MethodCall& c) { return found_at(c, false); }},
      {"rfind", [](const MethodCall& c) { return found_at(c, true); }},
      {"removeprefix", [](const MethodCall& c) { return without_affix(c, true); }},
      {"removesuffix", [](const MethodCall& c) { return without_affix(c, false); }},
      {"upper", [](const MethodCall& c) { return changed(c, &upper_case); }},
      {"lower", [](const MethodCall& c) { return changed(c, &lower_case); }},
      {"capitalize", [](const MethodCall& c) { return changed(c, &capitalize); }},
      {"isspace", [](const MethodCall& c) -> Value { return all_characters(c.text(), &is_space); }},
      {"isdigit", [](const MethodCall& c) -> Value { return all_characters(c.text(), &is_digit); }},
      {"count", [](const MethodCall& c) -> Value {
         c.arguments.check("count", 1);
         const std::string& part = c.text_argument(0);
         take_search(c.text(), part, c.budget);
         return static_cast<std::int64_t>(part.empty() ? length(c.text()) + 1
                                                       : count_of(c.text(), part));
       }}};
  return table;
}

const std::map<std::string_view, Method>& list_methods() {
  static const std::map<std::string_view, Method> table = {
      {"index", &place_of}, {"count", [](const MethodCall& c) -> Value {
                               return static_cast<std::int64_t>(occurrences(c));
                             }}};
  return table;
}

const std::map<std::string_view, Method>& dict_methods() {
  static const std::map<std::string_view, Method> table = {
      {"get", &entry_or_default},
      {"items", &entries_of},
      {"keys", [](const MethodCall& c) { return column_of(c, &std::pair<Value, Value>::first); }},
      {"values",
       [](const MethodCall& c) { return column_of(c, &std::pair<Value, Value>::second); }}};
  return table;
}

constexpr std::array<std::string_view, 27> other_text_methods = {
    "casefold",  "center",    "encode",      "expandtabs", "format",     "format_map",
    "index",     "isalnum",   "isalpha",     "isascii",    "isdecimal",  "isidentifier",
    "islower",   "isnumeric", "isprintable", "istitle",    "isupper",    "ljust",
    "maketrans", "partition", "rindex",      "rjust",      "rpartition", "swapcase",
    "title",     "translate", "zfill"};
constexpr std::array<std::string_view, 9> other_list_methods = {
    "append", "clear", "copy", "extend", "insert", "pop", "remove", "reverse", "sort"};
constexpr std::array<std::string_view, 7> other_dict_methods = {
    "clear", "copy", "fromkeys", "pop", "popitem", "setdefault", "update"};

/// The supported methods of values of a kind, null where they have none.
const std::map<std::string_view, Method>* methods_of(const Value& value) {
  if (value.text() != nullptr) return &text_methods();
  if (value.dict() != nullptr) return &dict_methods();
  const Sequence* sequence = value.sequence();
  const bool has_methods = sequence != nullptr && sequence->kind != SequenceKind::view &&
                           sequence->kind != SequenceKind::generator;
  return has_methods ? &list_methods() : nullptr;
}

}  // namespace

const Value* Arguments::find(std::size_t place, std::string_view name) const {
  if (place < placed.size()) return &placed[place];
  const auto found = std::ranges::find_if(
      named, [&](const auto& one) { return !name.empty() && one.first == name; });
  return found == named.end() ? nullptr : &found->second;
}

void Arguments::check(std::string_view called, std::size_t most,
                      const std::vector<std::string_view>& names) const {
  if (placed.size() + named.size() > most) {
    throw Problem{fmt::format("{}() takes at most {} arguments here", called, most)};
  }
  for (const auto& [name, value] : named) {
    if (std::ranges::find(names, name) == names.end()) {
      throw Problem{fmt::format("the argument '{}' of {}() is not supported", name, called)};
    }
  }
}

bool has_method(const Value& value, std::string_view name) {
  const auto* known = methods_of(value);
  if (known == nullptr) return false;
  const auto in = [&](const auto& list) { return std::ranges::find(list, name) != list.end(); };
  return known->contains(name) || (value.text() != nullptr && in(other_text_methods)) ||
         (value.dict() != nullptr && in(other_dict_methods)) ||
         (value.sequence() != nullptr && value.sequence()->kind == SequenceKind::list &&
          in(other_list_methods));
}

Value call_method(const Callable& method, const Arguments& arguments, Budget& budget) {
  const auto* known = methods_of(method.self);
  const auto found = known->find(method.name);
  if (found == known->end()) {
    throw Problem{
        fmt::format("the method '{}' of {} is not supported", method.name, kind_name(method.self))};
  }
  const std::string* text = method.self.text();
  budget.take_steps(1 + (text == nullptr ? 0 : text->size() / 16));
  return found->second({method, arguments, budget});
}

}  // namespace austeer::jinja
