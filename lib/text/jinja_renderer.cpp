// Statements: they write text, assign, choose and repeat.
#include "text/jinja_renderer.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace austeer::jinja {
namespace {

constexpr std::size_t bytes_of_parameter = 256;  // of a macro: its place in a scope, its value

/// How a statement ends.
enum class Flow { on, stop, skip };

class Renderer : public Evaluator {
 public:
  using Evaluator::Evaluator;

  std::string whole(const Body& body, const Variables& variables) {
    Scope& scope = inner(nullptr);
    for (const auto& [name, value] : variables) scope.variables[name] = value;
    std::string out;
    run(body, inner(&scope), out);
    return out;
  }

 private:
  void write(std::string_view text, std::string& out) {
    budget().take_bytes(text.size());
    out += text;
  }

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
        write(display(filtered_body(statement, scope), budget()), out);
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
    write(display(value_of(safe ? *expression.operands[0] : expression, scope), budget()), out);
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
    std::vector<Value> items = iterate(value_of(*statement.values[0], scope), budget());
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
    const Value items = make_sequence(items_of(statement, scope), budget());
    const auto& sequence = *items.get<std::shared_ptr<const Sequence>>();
    for (std::size_t i = 0; i < sequence->items.size(); ++i) {
      budget().take_steps();
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
      std::vector<Value> items = iterate(value, budget());
      if (items.size() != target.names.size()) {
        throw Problem{fmt::format("{} values for {} variables", items.size(), target.names.size())};
      }
      for (std::size_t i = 0; i < items.size(); ++i) {
        scope.variables[target.names[i]] = std::move(items[i]);
      }
    }
  }

  /// What the first body writes, through the filters of the statement.
  Value filtered_body(const Statement& statement, Scope& scope) {
    std::string text;
    Scope& own = inner(&scope);
    run(statement.bodies[0], own, text);
    own.variables[std::string(body_name)] = make_text(std::move(text), budget());
    return value_of(*statement.values[0], own);
  }

  void define(const Statement& statement, Scope& scope) {
    budget().take_bytes(sizeof(Callable));
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

  Value call_macro(const Callable& macro, const Arguments& arguments) override {
    const std::vector<std::string>& names = macro.macro->targets[0].names;
    if (arguments.placed.size() > names.size()) {
      throw Problem{fmt::format("the macro '{}' takes {} arguments", macro.name, names.size())};
    }
    budget().take_steps(names.size() * (1 + arguments.named.size()));
    budget().take_bytes(names.size() * bytes_of_parameter);
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
    return make_text(std::move(text), budget());
  }
};

}  // namespace

std::string render(const Body& body, const Variables& variables, Clock& clock, Budget& budget) {
  return Renderer(clock, budget).whole(body, variables);
}

}  // namespace austeer::jinja
