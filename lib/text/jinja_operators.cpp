// Arithmetic, containment, slices and attributes.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <optional>

#include "base/utf8.hpp"
#include "text/jinja_functions.hpp"
#include "text/jinja_text.hpp"

namespace austeer::jinja {
namespace {

[[noreturn]] void refuse(std::string_view sign, const Value& a, const Value& b) {
  for (const Value* value : {&a, &b}) {
    if (const auto* undefined = value->get<Undefined>()) throw Problem{*undefined->what};
  }
  throw Problem{fmt::format("{} {} {}", kind_name(a), sign, kind_name(b)) + " is not possible"};
}

Value checked(bool overflow, const std::int64_t& result) {
  if (overflow) throw Problem{"an integer needs more than 64 bits"};
  return result;
}

std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return quotient - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

Value whole_power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  for (bool overflow = false; exponent > 0; --exponent) {
    if (result == 0 || base == 1) return base == 1 ? std::int64_t{1} : result;
    if (base == -1) return exponent % 2 == 0 ? std::int64_t{1} : std::int64_t{-1};
    overflow = __builtin_mul_overflow(result, base, &result);
    if (overflow) return checked(true, 0);
  }
  return result;
}

/// Of integers whatever Python makes an integer of; nothing for the others.
std::optional<Value> of_integers(std::string_view sign, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (sign == "+") return checked(__builtin_add_overflow(a, b, &result), result);
  if (sign == "-") return checked(__builtin_sub_overflow(a, b, &result), result);
  if (sign == "*") return checked(__builtin_mul_overflow(a, b, &result), result);
  if (sign == "**" && b >= 0) return whole_power(a, b);
  if (sign != "//" && sign != "%") return std::nullopt;
  if (b == 0) throw Problem{"a division by zero"};
  const bool overflow = a == std::numeric_limits<std::int64_t>::min() && b == -1;
  if (sign == "%") return overflow ? std::int64_t{0} : a - floor_quotient(a, b) * b;
  return checked(overflow, overflow ? 0 : floor_quotient(a, b));
}

Value of_floats(std::string_view sign, double a, double b) {
  if (sign == "+") return a + b;
  if (sign == "-") return a - b;
  if (sign == "*") return a * b;
  if (sign == "**") {
    if (a == 0 && b < 0) throw Problem{"a division by zero"};
    const double power = std::pow(a, b);
    if (!std::isfinite(power)) throw Problem{"the result of ** is out of range"};
    return power;
  }
  if (b == 0) throw Problem{"a division by zero"};
  if (sign == "/") return a / b;
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  if (rest == 0) rest = std::copysign(0.0, b);
  if (sign == "%") return rest;
  double quotient = (a - rest) / b;
  if (quotient != 0) {
    const double lower = std::floor(quotient);
    quotient = quotient - lower > 0.5 ? lower + 1 : lower;
  } else {
    quotient = std::copysign(0.0, a / b);
  }
  return quotient;
}

std::size_t times(std::int64_t count, std::size_t size) {
  if (count <= 0 || size == 0) return 0;
  if (static_cast<std::uint64_t>(count) > (std::uint64_t{1} << 32) / size) {
    throw Problem{"a repetition is too long"};
  }
  return static_cast<std::size_t>(count);
}

Value repeat(const Value& value, std::int64_t count, Budget& budget) {
  if (const std::string* text = value.text()) {
    const std::size_t copies = times(count, text->size());
    budget.take_bytes(copies * text->size());
    std::string result;
    for (std::size_t i = 0; i < copies; ++i) result += *text;
    return make_text(std::move(result), budget);
  }
  const Sequence& sequence = *value.sequence();
  const std::size_t copies = times(count, sequence.items.size() * sizeof(Value));
  budget.take_bytes(copies * sequence.items.size() * sizeof(Value));
  std::vector<Value> items;
  for (std::size_t i = 0; i < copies; ++i) {
    items.insert(items.end(), sequence.items.begin(), sequence.items.end());
  }
  return make_sequence(std::move(items), budget, sequence.kind);
}

bool repeats(const Value& value) {
  const Sequence* sequence = value.sequence();
  return value.text() != nullptr ||
         (sequence != nullptr &&
          (sequence->kind == SequenceKind::list || sequence->kind == SequenceKind::tuple));
}

/// + of texts or of two lists or tuples.
std::optional<Value> joined(const Value& a, const Value& b, Budget& budget) {
  if (a.text() != nullptr && b.text() != nullptr) {
    budget.take_bytes(a.text()->size() + b.text()->size());
    return make_text(*a.text() + *b.text(), budget);
  }
  if (a.sequence() == nullptr || b.sequence() == nullptr || !repeats(a) ||
      a.sequence()->kind != b.sequence()->kind) {
    return std::nullopt;
  }
  budget.take_bytes((a.sequence()->items.size() + b.sequence()->items.size()) * sizeof(Value));
  std::vector<Value> items = a.sequence()->items;
  items.insert(items.end(), b.sequence()->items.begin(), b.sequence()->items.end());
  return make_sequence(std::move(items), budget, a.sequence()->kind);
}

/// The places that a slice takes of `size` items, in order.
std::vector<std::size_t> sliced_places(std::size_t size, const Value& start, const Value& stop,
                                       const Value& step_value) {
  const std::int64_t step = step_value.is<None>() ? 1 : integer_of(step_value, "a slice");
  if (step == 0) throw Problem{"the step of a slice is 0"};
  const auto count = static_cast<std::int64_t>(size);
  const std::int64_t lowest = step < 0 ? -1 : 0;
  const std::int64_t highest = step < 0 ? count - 1 : count;
  const auto place = [&](const Value& given, std::int64_t standard) {
    if (given.is<None>()) return standard;
    const std::int64_t at = integer_of(given, "a slice");
    return std::clamp(at < 0 ? at + count : at, lowest, highest);
  };
  const std::int64_t first = place(start, step < 0 ? highest : lowest);
  const std::int64_t end = place(stop, step < 0 ? lowest : highest);
  std::vector<std::size_t> places;
  for (std::int64_t i = first; step > 0 ? i < end : i > end;) {
    places.push_back(static_cast<std::size_t>(i));
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return places;
}

Value loop_attribute(const Loop& loop, const std::string& name) {
  const auto index = static_cast<std::int64_t>(loop.index);
  const auto count = static_cast<std::int64_t>(loop.items->items.size());
  if (name == "index") return index + 1;
  if (name == "index0") return index;
  if (name == "revindex") return count - index;
  if (name == "revindex0") return count - index - 1;
  if (name == "first") return index == 0;
  if (name == "last") return index == count - 1;
  if (name == "length") return count;
  // How deep a recursive loop is: there are none.
  if (name == "depth" || name == "depth0") return std::int64_t{name == "depth" ? 1 : 0};
  if (name == "previtem") {
    return index > 0 ? loop.items->items[loop.index - 1]
                     : make_undefined("there is no previous item");
  }
  if (name == "nextitem") {
    return index + 1 < count ? loop.items->items[loop.index + 1]
                             : make_undefined("there is no next item");
  }
  if (name == "cycle" || name == "changed") {
    throw Problem{fmt::format("loop.{} is not supported", name)};
  }
  return make_undefined(fmt::format("the loop has no '{}'", name));
}

Value element(const Value& value, std::int64_t place, Budget& budget) {
  const std::string* text = value.text();
  const Sequence* sequence = value.sequence();
  const bool has_places = sequence != nullptr && sequence->kind != SequenceKind::view &&
                          sequence->kind != SequenceKind::generator;
  if (text == nullptr && !has_places) {
    return make_undefined(fmt::format("{} has no places", kind_name(value)));
  }
  if (text != nullptr) budget.take_steps(1 + text->size() / 16);
  const auto size = static_cast<std::int64_t>(text ? length(*text) : sequence->items.size());
  const std::int64_t at = place < 0 && place >= -size ? place + size : place;
  if (at < 0 || at >= size) {
    return make_undefined(fmt::format("{} of {} has no place {}", kind_name(value), size, place));
  }
  if (text == nullptr) return sequence->items[static_cast<std::size_t>(at)];
  std::size_t byte = 0;
  for (std::int64_t i = 0; i < at; ++i) byte += code_point_at(*text, byte).length;
  return make_text(text->substr(byte, code_point_at(*text, byte).length), budget);
}

Value method(const Value& value, const std::string& name, Budget& budget) {
  budget.take_bytes(sizeof(Callable));
  Callable callable;
  callable.name = name;
  callable.self = value;
  callable.is_method = true;
  return std::make_shared<const Callable>(std::move(callable));
}

}  // namespace

void take_search(std::string_view text, std::string_view part, Budget& budget) {
  budget.take_steps((1 + text.size() / 16) * (1 + part.size() / 16));
}

void take_lines(std::string_view text, Budget& budget) {
  // Every break has one of these bytes: ASCII's, or the first of U+0085 and U+2028.
  constexpr std::string_view breaks = "\n\v\f\r\x1c\x1d\x1e\xc2\xe2";
  const auto lines = std::ranges::count_if(
      text, [&](char byte) { return breaks.find(byte) != std::string_view::npos; });
  budget.take_bytes(text.size() + (static_cast<std::size_t>(lines) + 1) * sizeof(std::string));
}

const std::string& text_of(const Value& value, std::string_view whose) {
  if (const std::string* text = value.text()) return *text;
  if (const auto* undefined = value.get<Undefined>()) throw Problem{*undefined->what};
  throw Problem{fmt::format("{} takes a text, not {}", whose, kind_name(value))};
}

std::int64_t integer_of(const Value& value, std::string_view whose) {
  std::int64_t whole = 0;
  if (value.integer(whole) != nullptr) return whole;
  if (const auto* undefined = value.get<Undefined>()) throw Problem{*undefined->what};
  throw Problem{fmt::format("{} takes an integer, not {}", whose, kind_name(value))};
}

Value arithmetic(std::string_view sign, const Value& a, const Value& b, Budget& budget) {
  std::int64_t left = 0;
  std::int64_t right = 0;
  const bool whole_left = a.integer(left) != nullptr;
  const bool whole_right = b.integer(right) != nullptr;
  if (a.is_number() && b.is_number()) {
    if (whole_left && whole_right) {
      if (const auto result = of_integers(sign, left, right)) return *result;
    }
    return of_floats(sign, a.number(), b.number());
  }
  if (sign == "+") {
    if (const auto result = joined(a, b, budget)) return *result;
  }
  if (sign == "*" && whole_right && repeats(a)) return repeat(a, right, budget);
  if (sign == "*" && whole_left && repeats(b)) return repeat(b, left, budget);
  if (sign == "%" && a.text() != nullptr) {
    throw Problem{"% of a text is not supported"};
  }
  refuse(sign, a, b);
}

Value negative(const Value& value) {
  std::int64_t whole = 0;
  if (value.integer(whole) != nullptr) {
    std::int64_t result = 0;
    return checked(__builtin_sub_overflow(std::int64_t{0}, whole, &result), result);
  }
  if (!value.is_number()) refuse("-", std::int64_t{0}, value);
  return -value.number();
}

bool contains(const Value& container, const Value& part, Budget& budget) {
  if (const std::string* text = container.text()) {
    const std::string& wanted = text_of(part, "in a text");
    take_search(*text, wanted, budget);
    return text->find(wanted) != std::string::npos;
  }
  if (const Dict* dict = container.dict()) return dict->find(part, budget) != nullptr;
  return std::ranges::any_of(iterate(container, budget),
                             [&](const Value& one) { return equal(one, part, budget); });
}

Value slice(const Value& value, const Value& start, const Value& stop, const Value& step,
            Budget& budget) {
  if (const std::string* text = value.text()) {
    budget.take_bytes(text->size() * sizeof(std::string));
    const std::vector<std::string> all = characters(*text);
    std::string result;
    for (const std::size_t place : sliced_places(all.size(), start, stop, step)) {
      result += all[place];
    }
    return make_text(std::move(result), budget);
  }
  if (const auto* undefined = value.get<Undefined>()) throw Problem{*undefined->what};
  const Sequence* sequence = value.sequence();
  if (sequence == nullptr || sequence->kind == SequenceKind::view ||
      sequence->kind == SequenceKind::generator) {
    return make_undefined(fmt::format("{} has no slices", kind_name(value)));
  }
  budget.take_bytes(sequence->items.size() * sizeof(std::size_t));
  std::vector<Value> items;
  for (const std::size_t place : sliced_places(sequence->items.size(), start, stop, step)) {
    items.push_back(sequence->items[place]);
  }
  return make_sequence(std::move(items), budget, sequence->kind);
}

Value attribute(const Value& value, const std::string& name, Budget& budget) {
  if (const auto* undefined = value.get<Undefined>()) throw Problem{*undefined->what};
  budget.take_steps(1 + name.size() / 64);
  if (const Namespace* names = value.name_space()) {
    const auto found = names->attributes.find(name);
    if (found != names->attributes.end()) return found->second;
  } else if (const Loop* loop = value.loop()) {
    return loop_attribute(*loop, name);
  } else if (has_method(value, name)) {
    return method(value, name, budget);
  } else if (const Dict* dict = value.dict()) {
    budget.take_steps(1 + dict->entries.size() / 16);
    if (const Value* found = dict->find(name)) return *found;
  }
  return make_undefined(fmt::format("{} has no '{}'", kind_name(value), name));
}

Value item(const Value& value, const Value& key, Budget& budget) {
  if (const Dict* dict = value.dict()) {
    if (const Value* found = dict->find(key, budget)) return *found;
  }
  std::int64_t place = 0;
  if (value.dict() == nullptr && !value.is_undefined() && key.integer(place) != nullptr) {
    return element(value, place, budget);
  }
  if (const std::string* name = key.text()) return attribute(value, *name, budget);
  if (const auto* undefined = value.get<Undefined>()) throw Problem{*undefined->what};
  return make_undefined(fmt::format("{} has no such entry", kind_name(value)));
}

}  // namespace austeer::jinja
