// The tests: what stands after `is`.
#include <fmt/format.h>
#include <map>
#include <string_view>

#include "text/jinja_functions.hpp"
#include "text/unicode.hpp"

namespace austeer::jinja {
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
