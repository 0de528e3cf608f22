#include "text/jinja_evaluator.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace austeer::jinja {
namespace {

constexpr int most_nested_steps = 400;  // of evaluations and statements within one another
constexpr std::int64_t longest_range = 100'000;
constexpr std::array<std::string_view, 5> functions = {"namespace", "range", "dict",
                                                       "raise_exception", "strftime_now"};
constexpr std::array<std::string_view, 3> other_functions = {"lipsum", "cycler", "joiner"};

}  // namespace

Evaluator::Step::Step(Evaluator& evaluator) : evaluator_(evaluator) {
  evaluator_.budget_.take_steps();
  if (evaluator_.level_ >= most_nested_steps) {
    throw Problem{"macros or values are nested too deeply"};
  }
  ++evaluator_.level_;
}

Scope& Evaluator::inner(Scope* outer) {
  constexpr std::size_t bytes_of_variables = 256;  // those of a loop
  budget_.take_bytes(sizeof(Scope) + bytes_of_variables);
  scopes_.push_back(std::make_unique<Scope>());
  scopes_.back()->outer = outer;
  return *scopes_.back();
}

void Evaluator::set_attribute(Namespace& names, const std::string& name, Value value) {
  if (name.starts_with('_')) {
    throw Problem{fmt::format("a namespace cannot have the attribute '{}'", name)};
  }
  names.attributes[name] = std::move(value);
}

Value Evaluator::find(const std::string& name, Scope& scope) {
  for (const Scope* place = &scope; place != nullptr; place = place->outer) {
    budget_.take_steps();
    const auto found = place->variables.find(name);
    if (found != place->variables.end()) return found->second;
  }
  const bool known = std::ranges::find(functions, name) != functions.end() ||
                     std::ranges::find(other_functions, name) != other_functions.end();
  if (!known) return make_undefined(fmt::format("'{}' is undefined", name));
  Callable function;
  function.name = name;
  return std::make_shared<const Callable>(std::move(function));
}

Value Evaluator::value_of(const Expression& expression, Scope& scope) {
  try {
    const Step step(*this);
    return evaluate(expression, scope);
  } catch (Problem& problem) {
    if (problem.line == 0) problem.line = expression.line;
    throw;
  }
}

Value Evaluator::operand(const Expression& expression, std::size_t place, Scope& scope) {
  const ExpressionPtr& given = expression.operands[place];
  return given ? value_of(*given, scope) : Value(None());
}

Value Evaluator::evaluate(const Expression& expression, Scope& scope) {
  switch (expression.op) {
    case Op::literal:
      return expression.value;
    case Op::name:
      return find(expression.name, scope);
    case Op::list:
      return make_sequence(operands(expression, scope), budget_);
    case Op::tuple:
      return make_sequence(operands(expression, scope), budget_, SequenceKind::tuple);
    case Op::dict:
      return dict(expression, scope);
    case Op::attribute:
      return attribute(operand(expression, 0, scope), expression.name, budget_);
    case Op::subscript:
      return subscript(expression, scope);
    case Op::slice:
      return sliced(expression, scope);
    case Op::call:
      return call(expression, scope);
    case Op::filter:
      return filter(expression, scope);
    case Op::test:
      return test(expression, scope);
    case Op::negate:
      return negative(operand(expression, 0, scope));
    case Op::plus:
      return arithmetic("+", std::int64_t{0}, operand(expression, 0, scope), budget_);
    case Op::no:
      return !truth(operand(expression, 0, scope));
    case Op::all:
    case Op::any:
      return decide(expression, scope);
    case Op::binary:
      return binary(expression, scope);
    case Op::concat:
      return concat(expression, scope);
    case Op::compare:
      return compare(expression, scope);
    case Op::conditional:
      return conditional(expression, scope);
  }
  return {};
}

std::vector<Value> Evaluator::operands(const Expression& expression, Scope& scope) {
  std::vector<Value> values;
  for (const ExpressionPtr& one : expression.operands) values.push_back(value_of(*one, scope));
  return values;
}

Value Evaluator::dict(const Expression& expression, Scope& scope) {
  std::vector<Value> values = operands(expression, scope);
  std::vector<std::pair<Value, Value>> entries;
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
    entries.emplace_back(std::move(values[i]), std::move(values[i + 1]));
  }
  return make_dict(std::move(entries), budget_);
}

Value Evaluator::subscript(const Expression& expression, Scope& scope) {
  const Value value = operand(expression, 0, scope);
  return item(value, operand(expression, 1, scope), budget_);
}

Value Evaluator::sliced(const Expression& expression, Scope& scope) {
  const Value value = operand(expression, 0, scope);
  const Value start = operand(expression, 1, scope);
  const Value stop = operand(expression, 2, scope);
  return slice(value, start, stop, operand(expression, 3, scope), budget_);
}

Value Evaluator::binary(const Expression& expression, Scope& scope) {
  const Value left = operand(expression, 0, scope);
  return arithmetic(expression.name, left, operand(expression, 1, scope), budget_);
}

Value Evaluator::decide(const Expression& expression, Scope& scope) {
  Value value;
  for (const ExpressionPtr& one : expression.operands) {
    value = value_of(*one, scope);
    if (truth(value) == (expression.op == Op::any)) break;
  }
  return value;
}

Value Evaluator::concat(const Expression& expression, Scope& scope) {
  std::string text;
  for (const ExpressionPtr& one : expression.operands) {
    const std::string part = display(value_of(*one, scope), budget_);
    budget_.take_bytes(part.size());
    text += part;
  }
  return make_text(std::move(text), budget_);
}

Value Evaluator::compare(const Expression& expression, Scope& scope) {
  Value left = operand(expression, 0, scope);
  for (std::size_t i = 0; i < expression.names.size(); ++i) {
    Value right = operand(expression, i + 1, scope);
    if (!holds(expression.names[i], left, right)) return false;
    left = std::move(right);
  }
  return true;
}

bool Evaluator::holds(std::string_view sign, const Value& left, const Value& right) {
  for (const Value* value : {&left, &right}) {
    if (const std::string* text = value->text()) budget_.take_steps(text->size() / 64);
  }
  if (sign == "==") return equal(left, right, budget_);
  if (sign == "!=") return !equal(left, right, budget_);
  if (sign == "<") return less(left, right, budget_);
  if (sign == ">") return less(right, left, budget_);
  if (sign == "<=") return less(left, right, budget_) || equal(left, right, budget_);
  if (sign == ">=") return less(right, left, budget_) || equal(left, right, budget_);
  return contains(right, left, budget_) == (sign == "in");
}

Value Evaluator::conditional(const Expression& expression, Scope& scope) {
  if (truth(operand(expression, 1, scope))) return operand(expression, 0, scope);
  if (expression.operands[2]) return operand(expression, 2, scope);
  return make_undefined("the if of an expression is false and it has no else");
}

Arguments Evaluator::arguments_of(const Expression& expression, Scope& scope) {
  Arguments arguments;
  const std::size_t placed = expression.operands.size() - expression.names.size();
  for (std::size_t i = 1; i < expression.operands.size(); ++i) {
    Value value = value_of(*expression.operands[i], scope);
    if (i < placed) {
      arguments.placed.push_back(std::move(value));
    } else {
      arguments.named.emplace_back(expression.names[i - placed], std::move(value));
    }
  }
  return arguments;
}

Value Evaluator::filter(const Expression& expression, Scope& scope) {
  const Value value = operand(expression, 0, scope);
  return apply_filter(expression.name, value, arguments_of(expression, scope), budget_);
}

Value Evaluator::test(const Expression& expression, Scope& scope) {
  const Value value = operand(expression, 0, scope);
  return apply_test(expression.name, value, arguments_of(expression, scope), budget_);
}

Value Evaluator::call(const Expression& expression, Scope& scope) {
  const Value value = operand(expression, 0, scope);
  const Callable* callable = value.callable();
  if (callable == nullptr) {
    if (const auto* undefined = value.get<Undefined>()) throw Problem{*undefined->what};
    throw Problem{fmt::format("{} cannot be called", kind_name(value))};
  }
  const Arguments arguments = arguments_of(expression, scope);
  if (callable->macro != nullptr) return call_macro(*callable, arguments);
  if (callable->is_method) return call_method(*callable, arguments, budget_);
  return call_function(callable->name, arguments);
}

Value Evaluator::call_function(const std::string& name, const Arguments& arguments) {
  if (name == "range") return range(arguments);
  if (name == "raise_exception") {
    arguments.check(name, 1, {"message"});
    const Value* message = arguments.find(0, "message");
    throw Problem{fmt::format("the template refuses: {}",
                              message == nullptr ? "" : display(*message, budget_))};
  }
  if (name == "strftime_now") return formatted_time(arguments);
  if (name != "namespace" && name != "dict") {
    throw Problem{fmt::format("the function '{}' is not supported", name)};
  }
  return name == "dict" ? make_dict(entries_of(arguments), budget_) : new_namespace(arguments);
}

std::vector<std::pair<Value, Value>> Evaluator::entries_of(const Arguments& arguments) {
  std::vector<std::pair<Value, Value>> entries;
  if (arguments.placed.size() > 1) throw Problem{"namespace() and dict() take one dict"};
  if (!arguments.placed.empty()) {
    const Dict* dict = arguments.placed[0].dict();
    if (dict == nullptr) throw Problem{"namespace() and dict() take a dict"};
    entries = dict->entries;
  }
  for (const auto& [name, value] : arguments.named) {
    entries.emplace_back(make_text(name, budget_), value);
  }
  return entries;
}

Value Evaluator::new_namespace(const Arguments& arguments) {
  budget_.take_bytes(sizeof(Namespace));
  namespaces_.push_back(std::make_unique<Namespace>());
  for (auto& [name, value] : entries_of(arguments)) {
    set_attribute(*namespaces_.back(), text_of(name, "namespace()"), std::move(value));
  }
  return namespaces_.back().get();
}

Value Evaluator::range(const Arguments& arguments) {
  arguments.check("range", 3);
  if (arguments.placed.empty()) throw Problem{"range() lacks an argument"};
  const auto number = [&](std::size_t place) {
    return integer_of(arguments.placed[place], "range()");
  };
  const std::int64_t start = arguments.placed.size() > 1 ? number(0) : 0;
  const std::int64_t stop = arguments.placed.size() > 1 ? number(1) : number(0);
  const std::int64_t step = arguments.placed.size() > 2 ? number(2) : 1;
  if (step == 0) throw Problem{"the step of range() is 0"};
  std::vector<Value> items;
  for (std::int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (static_cast<std::int64_t>(items.size()) == longest_range) {
      throw Problem{fmt::format("range() has more than {} items", longest_range)};
    }
    budget_.take_steps();
    items.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return make_sequence(std::move(items), budget_, SequenceKind::range);
}

Value Evaluator::formatted_time(const Arguments& arguments) {
  arguments.check("strftime_now", 1, {"format"});
  const Value* format = arguments.find(0, "format");
  if (format == nullptr) throw Problem{"strftime_now() lacks its format"};
  // strftime() gives 0 for an empty text and for one that is too long alike.
  const std::string marked = text_of(*format, "strftime_now()") + ".";
  std::array<char, 512> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), marked.c_str(), &clock_.time);
  clock_.read = true;
  if (size == 0) throw Problem{"the format of strftime_now() is too long"};
  return make_text(std::string(text.data(), size - 1), budget_);
}

}  // namespace austeer::jinja
