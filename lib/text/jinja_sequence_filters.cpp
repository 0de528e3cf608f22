// The filters that go through the items of a value.
#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/scan.hpp"
#include "text/jinja_functions.hpp"
#include "text/jinja_text.hpp"
#include "text/unicode.hpp"

namespace austeer::jinja {
namespace {

/// What the argument `attribute` names of an item: entries by names or places with dots between.
Value part_of(const Value& item_value, const Value& path, Budget& budget) {
  std::int64_t place = 0;
  if (path.integer(place) != nullptr) return item(item_value, path, budget);
  Value found = item_value;
  for (const std::string& name : split(text_of(path, "attribute"), ".", -1, false)) {
    const bool number = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
    const auto at = parse_number<std::int64_t>(name);
    const Value key = number && at ? Value(*at) : make_text(name, budget);
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

}  // namespace

const std::map<std::string_view, Filter>& sequence_filters() {
  static const std::map<std::string_view, Filter> table = {
      {"length",
       [](const FilterCall& c) -> Value { return static_cast<std::int64_t>(count_items(c)); }},
      {"count",
       [](const FilterCall& c) -> Value { return static_cast<std::int64_t>(count_items(c)); }},
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
      {"items", &entries},
      {"list", [](const FilterCall& c) {
         c.arguments.check("list", 0);
         return c.give_list(iterate(c.value, c.budget));
       }}};
  return table;
}

}  // namespace austeer::jinja
