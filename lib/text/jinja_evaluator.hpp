#pragma once
// The values of a chat template's expressions: variables in their scopes, operators, calls.

#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja_functions.hpp"
#include "text/jinja_syntax.hpp"
#include "text/jinja_value.hpp"

namespace austeer::jinja {

/// The time of strftime_now(), and whether a template has asked for it.
struct Clock {
  std::tm time = {};
  bool read = false;
};

/// Variables of a block, in those of the block around it.
struct Scope {
  Scope* outer = nullptr;
  std::map<std::string, Value, std::less<>> variables = {};
};

/// Gives expressions their values. What macros do is the business of who derives from it.
class Evaluator {
 public:
  Evaluator(Clock& clock, Budget& budget) : clock_(clock), budget_(budget) {}
  virtual ~Evaluator() = default;
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

 protected:
  /// Counts a step and a level for as long as it lives.
  class Step {
   public:
    explicit Step(Evaluator& evaluator);
    ~Step() { --evaluator_.level_; }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Evaluator& evaluator_;
  };

  /// A new scope in `outer`, which may be null.
  Scope& inner(Scope* outer);
  /// The value of a variable, of a function of the environment where there is none.
  Value find(const std::string& name, Scope& scope);
  /// Throws Problem, with the line of the expression where there is none yet.
  Value value_of(const Expression& expression, Scope& scope);
  static void set_attribute(Namespace& names, const std::string& name, Value value);
  /// What the body of a macro writes.
  virtual Value call_macro(const Callable& macro, const Arguments& arguments) = 0;
  Budget& budget() { return budget_; }

 private:
  /// The value of operand `place`; None where it is not given.
  Value operand(const Expression& expression, std::size_t place, Scope& scope);
  Value evaluate(const Expression& expression, Scope& scope);
  std::vector<Value> operands(const Expression& expression, Scope& scope);
  Value dict(const Expression& expression, Scope& scope);
  Value subscript(const Expression& expression, Scope& scope);
  Value sliced(const Expression& expression, Scope& scope);
  Value binary(const Expression& expression, Scope& scope);
  Value decide(const Expression& expression, Scope& scope);
  Value concat(const Expression& expression, Scope& scope);
  Value compare(const Expression& expression, Scope& scope);
  bool holds(std::string_view sign, const Value& left, const Value& right);
  Value conditional(const Expression& expression, Scope& scope);
  /// The arguments of a call, filter or test: all operands but the first.
  Arguments arguments_of(const Expression& expression, Scope& scope);
  Value filter(const Expression& expression, Scope& scope);
  Value test(const Expression& expression, Scope& scope);
  Value call(const Expression& expression, Scope& scope);
  Value call_function(const std::string& name, const Arguments& arguments);
  /// The entries of the dict that may stand among the arguments, then the named ones.
  std::vector<std::pair<Value, Value>> entries_of(const Arguments& arguments);
  Value new_namespace(const Arguments& arguments);
  Value range(const Arguments& arguments);
  Value formatted_time(const Arguments& arguments);

  Clock& clock_;
  Budget& budget_;
  int level_ = 0;
  // What values refer to without owning it: macros their scope, values a namespace.
  std::vector<std::unique_ptr<Scope>> scopes_;
  std::vector<std::unique_ptr<Namespace>> namespaces_;
};

}  // namespace austeer::jinja
