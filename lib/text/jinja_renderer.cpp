#include "text/jinja_renderer.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <string_view>

#include "text/jinja_functions.hpp"

namespace austeer::jinja {

/// Variables of a block, in those of the block around it.
struct Scope {
  Scope* outer = nullptr;
  std::map<std::string, Value, std::less<>> variables = {};
};

namespace {

constexpr int most_nested_steps = 400;  // of evaluations and statements within one another
constexpr std::int64_t longest_range = 100'000;
constexpr std::array<std::string_view, 5> functions = {"namespace", "range", "dict",
                                                       "raise_exception", "strftime_now"};
constexpr std::array<std::string_view, 3> other_functions = {"lipsum", "cycler", "joiner"};

/// How a statement ends.
enum class Flow { on, stop, skip };

class Renderer {
 public:
  Renderer(Clock& clock, Budget& budget) : clock_(clock), budget_(budget) {}

  std::string whole(const Body& body, const Variables& variables) {
    Scope& scope = inner(nullptr);
    for (const auto& [name, value] : variables) scope.variables[name] = value;
    std::string out;
    run(body, inner(&scope), out);
    return out;
  }

 private:
  /// Counts a step and a level for as long as it lives.
  class Step {
   public:
    explicit Step(Renderer& renderer) : renderer_(renderer) {
      renderer_.budget_.take_steps();
      if (renderer_.level_ >= most_nested_steps) {
        throw Problem{"macros or values are nested too deeply"};
      }
      ++renderer_.level_;
    }
    ~Step() { --renderer_.level_; }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Renderer& renderer_;
  };

  Scope& inner(Scope* outer) {
    budget_.take_bytes(sizeof(Scope));
    scopes_.push_back(std::make_unique<Scope>());
    scopes_.back()->outer = outer;
    return *scopes_.back();
  }

  void write(std::string_view text, std::string& out) {
    budget_.take_bytes(text.size());
    out += text;
  }

  // Statements.

  Flow run(const Body& body, Scope& scope, std::string& out) {
    for (const Statement& statement : body) {
      Flow flow = Flow::on;
      try {
        const Step step(*this);
        flow = run_one(statement, scope, out);
      } catch (Problem& problem) {
        if (problem.line == 0) problem.line = statement.line;
        throw;
      }
      if (flow != Flow::on) return flow;
    }
    return Flow::on;
  }

  Flow run_one(const Statement& statement, Scope& scope, std::string& out) {
    switch (statement.kind) {
      case StatementKind::data:
        write(statement.text, out);
        break;
      case StatementKind::print:
        print(*statement.values[0], scope, out);
        break;
      case StatementKind::choice:
        return choose(statement, scope, out);
      case StatementKind::loop:
        return loop(statement, scope, out);
      case StatementKind::set:
        assign(statement.targets[0], value_of(*statement.values[0], scope), scope);
        break;
      case StatementKind::capture:
        assign(statement.targets[0], filtered_body(statement, scope), scope);
        break;
      case StatementKind::macro:
        define(statement, scope);
        break;
      case StatementKind::with:
        return run_with(statement, scope, out);
      case StatementKind::filtered:
        write(display(filtered_body(statement, scope), budget_), out);
        break;
      case StatementKind::stop:
        return Flow::stop;
      case StatementKind::skip:
        return Flow::skip;
    }
    return Flow::on;
  }

  void print(const Expression& expression, Scope& scope, std::string& out) {
    // A text that is marked as safe differs from others only in what it is joined with.
    const bool safe =
        expression.op == Op::filter && expression.name == "safe" && expression.operands.size() == 1;
    write(display(value_of(safe ? *expression.operands[0] : expression, scope), budget_), out);
  }

  Flow choose(const Statement& statement, Scope& scope, std::string& out) {
    for (std::size_t i = 0; i < statement.values.size(); ++i) {
      if (truth(value_of(*statement.values[i], scope))) return run(statement.bodies[i], scope, out);
    }
    const bool has_else = statement.bodies.size() > statement.values.size();
    return has_else ? run(statement.bodies.back(), scope, out) : Flow::on;
  }

  /// The items that a for statement goes through, those that its condition leaves out taken away.
  std::vector<Value> items_of(const Statement& statement, Scope& scope) {
    std::vector<Value> items = iterate(value_of(*statement.values[0], scope), budget_);
    const ExpressionPtr& condition = statement.values[1];
    if (!condition) return items;
    std::vector<Value> left;
    for (Value& item_value : items) {
      Scope& own = inner(&scope);
      assign(statement.targets[0], item_value, own);
      if (truth(value_of(*condition, own))) left.push_back(std::move(item_value));
    }
    return left;
  }

  Flow loop(const Statement& statement, Scope& scope, std::string& out) {
    const Value items = make_sequence(items_of(statement, scope), budget_);
    const auto& sequence = *items.get<std::shared_ptr<const Sequence>>();
    for (std::size_t i = 0; i < sequence->items.size(); ++i) {
      budget_.take_steps();
      Scope& own = inner(&scope);
      own.variables["loop"] = std::make_shared<const Loop>(Loop{sequence, i});
      assign(statement.targets[0], sequence->items[i], own);
      if (run(statement.bodies[0], own, out) == Flow::stop) break;
    }
    if (!sequence->items.empty() || statement.bodies.size() < 2) return Flow::on;
    return run(statement.bodies[1], scope, out);
  }

  void assign(const Target& target, Value value, Scope& scope) {
    if (!target.attribute.empty()) {
      Namespace* names = find(target.names[0], scope).name_space();
      if (names == nullptr) {
        throw Problem{fmt::format("'{}' is no namespace", target.names[0])};
      }
      set_attribute(*names, target.attribute, std::move(value));
    } else if (!target.unpacks) {
      scope.variables[target.names[0]] = std::move(value);
    } else {
      std::vector<Value> items = iterate(value, budget_);
      if (items.size() != target.names.size()) {
        throw Problem{fmt::format("{} values for {} variables", items.size(), target.names.size())};
      }
      for (std::size_t i = 0; i < items.size(); ++i) {
        scope.variables[target.names[i]] = std::move(items[i]);
      }
    }
  }

  static void set_attribute(Namespace& names, const std::string& name, Value value) {
    if (name.starts_with('_')) {
      throw Problem{fmt::format("a namespace cannot have the attribute '{}'", name)};
    }
    names.attributes[name] = std::move(value);
  }

  /// What the first body writes, through the filters of the statement.
  Value filtered_body(const Statement& statement, Scope& scope) {
    std::string text;
    Scope& own = inner(&scope);
    run(statement.bodies[0], own, text);
    own.variables[std::string(body_name)] = make_text(std::move(text), budget_);
    return value_of(*statement.values[0], own);
  }

  void define(const Statement& statement, Scope& scope) {
    budget_.take_bytes(sizeof(Callable));
    Callable macro;
    macro.macro = &statement;
    macro.closure = &scope;
    macro.name = statement.text;
    scope.variables[statement.text] = std::make_shared<const Callable>(std::move(macro));
  }

  Flow run_with(const Statement& statement, Scope& scope, std::string& out) {
    Scope& own = inner(&scope);
    for (std::size_t i = 0; i < statement.targets.size(); ++i) {
      assign(statement.targets[i], value_of(*statement.values[i], scope), own);
    }
    return run(statement.bodies[0], own, out);
  }

  // Expressions.

  /// The value of a variable, of a function of the environment where there is none.
  Value find(const std::string& name, Scope& scope) {
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

  Value value_of(const Expression& expression, Scope& scope) {
    try {
      const Step step(*this);
      return evaluate(expression, scope);
    } catch (Problem& problem) {
      if (problem.line == 0) problem.line = expression.line;
      throw;
    }
  }

  /// The value of operand `place`; None where it is not given.
  Value operand(const Expression& expression, std::size_t place, Scope& scope) {
    const ExpressionPtr& given = expression.operands[place];
    return given ? value_of(*given, scope) : Value(None());
  }

  Value evaluate(const Expression& expression, Scope& scope) {
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

  std::vector<Value> operands(const Expression& expression, Scope& scope) {
    std::vector<Value> values;
    for (const ExpressionPtr& one : expression.operands) values.push_back(value_of(*one, scope));
    return values;
  }

  Value dict(const Expression& expression, Scope& scope) {
    std::vector<Value> values = operands(expression, scope);
    std::vector<std::pair<Value, Value>> entries;
    for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
      entries.emplace_back(std::move(values[i]), std::move(values[i + 1]));
    }
    return make_dict(std::move(entries), budget_);
  }

  Value subscript(const Expression& expression, Scope& scope) {
    const Value value = operand(expression, 0, scope);
    return item(value, operand(expression, 1, scope), budget_);
  }

  Value sliced(const Expression& expression, Scope& scope) {
    const Value value = operand(expression, 0, scope);
    const Value start = operand(expression, 1, scope);
    const Value stop = operand(expression, 2, scope);
    return slice(value, start, stop, operand(expression, 3, scope), budget_);
  }

  Value binary(const Expression& expression, Scope& scope) {
    const Value left = operand(expression, 0, scope);
    return arithmetic(expression.name, left, operand(expression, 1, scope), budget_);
  }

  Value decide(const Expression& expression, Scope& scope) {
    Value value;
    for (const ExpressionPtr& one : expression.operands) {
      value = value_of(*one, scope);
      if (truth(value) == (expression.op == Op::any)) break;
    }
    return value;
  }

  Value concat(const Expression& expression, Scope& scope) {
    std::string text;
    for (const ExpressionPtr& one : expression.operands) {
      const std::string part = display(value_of(*one, scope), budget_);
      budget_.take_bytes(part.size());
      text += part;
    }
    return make_text(std::move(text), budget_);
  }

  Value compare(const Expression& expression, Scope& scope) {
    Value left = operand(expression, 0, scope);
    for (std::size_t i = 0; i < expression.names.size(); ++i) {
      Value right = operand(expression, i + 1, scope);
      if (!holds(expression.names[i], left, right)) return false;
      left = std::move(right);
    }
    return true;
  }

  bool holds(std::string_view sign, const Value& left, const Value& right) {
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

  Value conditional(const Expression& expression, Scope& scope) {
    if (truth(operand(expression, 1, scope))) return operand(expression, 0, scope);
    if (expression.operands[2]) return operand(expression, 2, scope);
    return make_undefined("the if of an expression is false and it has no else");
  }

  /// The arguments of a call, filter or test: all operands but the first.
  Arguments arguments_of(const Expression& expression, Scope& scope) {
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

  Value filter(const Expression& expression, Scope& scope) {
    const Value value = operand(expression, 0, scope);
    return apply_filter(expression.name, value, arguments_of(expression, scope), budget_);
  }

  Value test(const Expression& expression, Scope& scope) {
    const Value value = operand(expression, 0, scope);
    return apply_test(expression.name, value, arguments_of(expression, scope), budget_);
  }

  Value call(const Expression& expression, Scope& scope) {
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

  Value call_macro(const Callable& macro, const Arguments& arguments) {
    const std::vector<std::string>& names = macro.macro->targets[0].names;
    if (arguments.placed.size() > names.size()) {
      throw Problem{fmt::format("the macro '{}' takes {} arguments", macro.name, names.size())};
    }
    for (const auto& [name, value] : arguments.named) {
      if (std::ranges::find(names, name) == names.end()) {
        throw Problem{fmt::format("the macro '{}' takes no argument '{}'", macro.name, name)};
      }
    }
    Scope& scope = inner(macro.closure);
    const std::vector<ExpressionPtr>& defaults = macro.macro->values;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Value* given = arguments.find(i, names[i]);
      const std::size_t without = names.size() - defaults.size();
      if (given != nullptr) {
        scope.variables[names[i]] = *given;
      } else if (i >= without) {
        Value standard = value_of(*defaults[i - without], scope);
        scope.variables[names[i]] = std::move(standard);
      } else {
        scope.variables[names[i]] =
            make_undefined(fmt::format("the argument '{}' was not given", names[i]));
      }
    }
    std::string text;
    run(macro.macro->bodies[0], scope, text);
    return make_text(std::move(text), budget_);
  }

  // Functions of the environment.

  Value call_function(const std::string& name, const Arguments& arguments) {
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

  /// The entries of the dict that may stand among the arguments, then the named ones.
  std::vector<std::pair<Value, Value>> entries_of(const Arguments& arguments) {
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

  Value new_namespace(const Arguments& arguments) {
    budget_.take_bytes(sizeof(Namespace));
    namespaces_.push_back(std::make_unique<Namespace>());
    for (auto& [name, value] : entries_of(arguments)) {
      set_attribute(*namespaces_.back(), text_of(name, "namespace()"), std::move(value));
    }
    return namespaces_.back().get();
  }

  Value range(const Arguments& arguments) {
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

  Value formatted_time(const Arguments& arguments) {
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

  Clock& clock_;
  Budget& budget_;
  int level_ = 0;
  // What values refer to without owning it: macros their scope, values a namespace.
  std::vector<std::unique_ptr<Scope>> scopes_;
  std::vector<std::unique_ptr<Namespace>> namespaces_;
};

}  // namespace

std::string render(const Body& body, const Variables& variables, Clock& clock, Budget& budget) {
  return Renderer(clock, budget).whole(body, variables);
}

}  // namespace austeer::jinja
