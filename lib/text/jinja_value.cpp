// Python's rules for values: truth, equality, order, printing.
#include "text/jinja_value.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "text/jinja_text.hpp"

namespace austeer::jinja {
namespace {

constexpr int most_nested = 100;
constexpr std::size_t bytes_of_item = sizeof(Value);

int depth_of(const Value& value) {
  if (const Sequence* sequence = value.sequence()) return sequence->depth;
  if (const Dict* dict = value.dict()) return dict->depth;
  if (const Loop* loop = value.loop()) return loop->items->depth + 1;
  if (const Callable* callable = value.callable()) return depth_of(callable->self) + 1;
  return 0;
}

int deeper(int depth, const Value& value) {
  const int result = std::max(depth, depth_of(value) + 1);
  if (result > most_nested) {
    throw Problem{fmt::format("values are nested deeper than {}", most_nested)};
  }
  return result;
}

void take_comparison(std::string_view a, std::string_view b, Budget& budget) {
  budget.take_steps(std::min(a.size(), b.size()) / 64);
}

template <typename Compare>
bool compare_numbers(const Value& a, const Value& b, const Compare& compare) {
  std::int64_t left = 0;
  std::int64_t right = 0;
  const auto* whole_left = a.integer(left);
  const auto* whole_right = b.integer(right);
  if (whole_left != nullptr && whole_right != nullptr) return compare(left, right);
  return compare(a.number(), b.number());
}

bool same_items(const Sequence& a, const Sequence& b, Budget& budget) {
  if (a.kind != b.kind || a.items.size() != b.items.size()) return false;
  if (a.kind == SequenceKind::view || a.kind == SequenceKind::generator) return &a == &b;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!equal(a.items[i], b.items[i], budget)) return false;
  }
  return true;
}

bool same_entries(const Dict& a, const Dict& b, Budget& budget) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    const Value* other = b.find(key, budget);
    if (other == nullptr || !equal(value, *other, budget)) return false;
  }
  return true;
}

void append_items(const std::vector<Value>& items, std::string& text, Budget& budget) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += ", ";
    text += representation(items[i], budget);
  }
}

std::string sequence_text(const Sequence& sequence, Budget& budget) {
  std::string text;
  if (sequence.kind == SequenceKind::list) {
    text = "[";
    append_items(sequence.items, text, budget);
    return text + "]";
  }
  if (sequence.kind == SequenceKind::tuple) {
    text = "(";
    append_items(sequence.items, text, budget);
    return text + (sequence.items.size() == 1 ? ",)" : ")");
  }
  throw Problem{"the items of a range, a dict or a filter are printed: put |list after them"};
}

std::string dict_text(const Dict& dict, Budget& budget) {
  std::string text = "{";
  for (const auto& [key, value] : dict.entries) {
    if (text.size() > 1) text += ", ";
    text += representation(key, budget) + ": " + representation(value, budget);
  }
  return text + "}";
}

/// str() and repr() of all but texts.
std::string plain_text(const Value& value, Budget& budget) {
  if (value.is<None>()) return "None";
  if (const bool* flag = value.get<bool>()) return *flag ? "True" : "False";
  if (const auto* whole = value.get<std::int64_t>()) return std::to_string(*whole);
  if (const double* number = value.get<double>()) return number_text(*number);
  std::string text;
  if (const Sequence* sequence = value.sequence()) {
    text = sequence_text(*sequence, budget);
  } else if (const Dict* dict = value.dict()) {
    text = dict_text(*dict, budget);
  } else {
    throw Problem{fmt::format("{} cannot be printed", kind_name(value))};
  }
  budget.take_bytes(text.size());
  return text;
}

}  // namespace

void Budget::take_steps(std::size_t count) {
  if (count > steps_) throw Problem{"the template takes too many steps"};
  steps_ -= count;
}

void Budget::take_bytes(std::size_t count) {
  if (count > bytes_) throw Problem{"the template makes too much text"};
  bytes_ -= count;
}

const std::string* Value::text() const {
  const auto* text = get<Text>();
  return text == nullptr ? nullptr : text->get();
}

const Sequence* Value::sequence() const {
  const auto* sequence = get<std::shared_ptr<const Sequence>>();
  return sequence == nullptr ? nullptr : sequence->get();
}

const Dict* Value::dict() const {
  const auto* dict = get<std::shared_ptr<const Dict>>();
  return dict == nullptr ? nullptr : dict->get();
}

const Loop* Value::loop() const {
  const auto* loop = get<std::shared_ptr<const Loop>>();
  return loop == nullptr ? nullptr : loop->get();
}

const Callable* Value::callable() const {
  const auto* callable = get<std::shared_ptr<const Callable>>();
  return callable == nullptr ? nullptr : callable->get();
}

Namespace* Value::name_space() const {
  Namespace* const* found = get<Namespace*>();
  return found == nullptr ? nullptr : *found;
}

const std::int64_t* Value::integer(std::int64_t& storage) const {
  if (const bool* flag = get<bool>()) {
    storage = *flag ? 1 : 0;
  } else if (const auto* whole = get<std::int64_t>()) {
    storage = *whole;
  } else {
    return nullptr;
  }
  return &storage;
}

double Value::number() const {
  std::int64_t whole = 0;
  if (integer(whole) != nullptr) return static_cast<double>(whole);
  const double* number = get<double>();
  return number == nullptr ? 0 : *number;
}

const Value* Dict::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    const std::string* text = name.text();
    if (text != nullptr && *text == key) return &value;
  }
  return nullptr;
}

const Value* Dict::find(const Value& key, Budget& budget) const {
  for (const auto& [name, value] : entries) {
    if (equal(name, key, budget)) return &value;
  }
  return nullptr;
}

Value make_text(std::string text, Budget& budget) {
  budget.take_bytes(text.size() + sizeof(std::string));
  return std::make_shared<const std::string>(std::move(text));
}

Value make_sequence(std::vector<Value> items, Budget& budget, SequenceKind kind) {
  budget.take_bytes(items.size() * bytes_of_item + sizeof(Sequence));
  int depth = 1;
  for (const Value& item : items) depth = deeper(depth, item);
  return std::make_shared<const Sequence>(Sequence{std::move(items), kind, depth, false});
}

Value make_dict(std::vector<std::pair<Value, Value>> entries, Budget& budget) {
  budget.take_bytes(2 * entries.size() * bytes_of_item + sizeof(Dict));
  Dict dict;
  for (auto& [key, value] : entries) {
    if (key.dict() != nullptr || key.name_space() != nullptr ||
        (key.sequence() != nullptr && key.sequence()->kind != SequenceKind::tuple)) {
      throw Problem{fmt::format("{} cannot be the key of a dict", kind_name(key))};
    }
    dict.depth = deeper(deeper(dict.depth, key), value);
    const Value* known = dict.find(key, budget);
    if (known == nullptr) {
      dict.entries.emplace_back(std::move(key), std::move(value));
    } else {
      const auto place = std::ranges::find_if(
          dict.entries, [&](const auto& entry) { return &entry.second == known; });
      place->second = std::move(value);
    }
  }
  return std::make_shared<const Dict>(std::move(dict));
}

Value make_undefined(std::string what) {
  return Undefined{std::make_shared<const std::string>(std::move(what))};
}

std::string kind_name(const Value& value) {
  if (value.is<None>()) return "None";
  if (value.is_undefined()) return "an undefined value";
  if (value.is<bool>()) return "a boolean";
  if (value.is<std::int64_t>()) return "an integer";
  if (value.is<double>()) return "a float";
  if (value.text() != nullptr) return "a text";
  if (value.dict() != nullptr) return "a dict";
  if (value.name_space() != nullptr) return "a namespace";
  if (value.loop() != nullptr) return "the loop";
  if (value.callable() != nullptr) return "a function";
  return value.sequence()->kind == SequenceKind::list ? "a list" : "a sequence";
}

bool truth(const Value& value) {
  if (value.is<None>() || value.is_undefined()) return false;
  if (value.is_number()) return value.number() != 0;
  if (const std::string* text = value.text()) return !text->empty();
  if (const Dict* dict = value.dict()) return !dict->entries.empty();
  const Sequence* sequence = value.sequence();
  if (sequence != nullptr && sequence->kind != SequenceKind::generator) {
    return !sequence->items.empty();
  }
  return true;
}

bool equal(const Value& a, const Value& b, Budget& budget) {
  budget.take_steps();
  if (a.is_number() && b.is_number()) {
    return compare_numbers(a, b, [](const auto& x, const auto& y) { return x == y; });
  }
  if (a.text() != nullptr && b.text() != nullptr) {
    take_comparison(*a.text(), *b.text(), budget);
    return *a.text() == *b.text();
  }
  if (a.sequence() != nullptr && b.sequence() != nullptr) {
    return same_items(*a.sequence(), *b.sequence(), budget);
  }
  if (a.dict() != nullptr && b.dict() != nullptr) return same_entries(*a.dict(), *b.dict(), budget);
  if (a.name_space() != nullptr) return a.name_space() == b.name_space();
  if (a.loop() != nullptr) return a.loop() == b.loop();
  if (a.callable() != nullptr) return a.callable() == b.callable();
  return (a.is<None>() && b.is<None>()) || (a.is_undefined() && b.is_undefined());
}

bool less(const Value& a, const Value& b, Budget& budget) {
  budget.take_steps();
  if (a.is_number() && b.is_number()) {
    return compare_numbers(a, b, [](const auto& x, const auto& y) { return x < y; });
  }
  if (a.text() != nullptr && b.text() != nullptr) {
    take_comparison(*a.text(), *b.text(), budget);
    return *a.text() < *b.text();  // the order of UTF-8 is that of code points
  }
  const Sequence* left = a.sequence();
  const Sequence* right = b.sequence();
  if (left != nullptr && right != nullptr && left->kind == right->kind &&
      (left->kind == SequenceKind::list || left->kind == SequenceKind::tuple)) {
    const std::size_t common = std::min(left->items.size(), right->items.size());
    for (std::size_t i = 0; i < common; ++i) {
      if (equal(left->items[i], right->items[i], budget)) continue;
      return less(left->items[i], right->items[i], budget);
    }
    return left->items.size() < right->items.size();
  }
  for (const Value* value : {&a, &b}) {
    if (const auto* undefined = value->get<Undefined>()) throw Problem{*undefined->what};
  }
  throw Problem{fmt::format("{} and {} have no order", kind_name(a), kind_name(b))};
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string display(const Value& value, Budget& budget) {
  if (value.is_undefined()) return "";
  if (const std::string* text = value.text()) return *text;
  return plain_text(value, budget);
}

std::string representation(const Value& value, Budget& budget) {
  budget.take_steps();
  if (value.is_undefined()) return "Undefined";
  const std::string* text = value.text();
  if (text == nullptr) return plain_text(value, budget);
  std::string quoted = quoted_text(*text);
  budget.take_bytes(quoted.size());
  return quoted;
}

std::vector<Value> iterate(const Value& value, Budget& budget) {
  if (const Sequence* sequence = value.sequence()) {
    if (sequence->kind == SequenceKind::generator && std::exchange(sequence->read, true)) return {};
    budget.take_bytes(sequence->items.size() * bytes_of_item);
    return sequence->items;
  }
  std::vector<Value> items;
  if (const Dict* dict = value.dict()) {
    budget.take_bytes(dict->entries.size() * bytes_of_item);
    for (const auto& [key, entry] : dict->entries) items.push_back(key);
  } else if (const std::string* text = value.text()) {
    budget.take_bytes(text->size() * sizeof(std::string));
    for (const std::string& character : characters(*text)) {
      items.push_back(make_text(character, budget));
    }
  } else if (!value.is_undefined()) {
    throw Problem{fmt::format("{} has no items to go through", kind_name(value))};
  }
  return items;
}

}  // namespace austeer::jinja
