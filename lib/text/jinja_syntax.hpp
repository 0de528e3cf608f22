#pragma once
// The syntax tree of a chat template, and the parser that makes it of the source.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja_value.hpp"

namespace austeer::jinja {

enum class Op : std::uint8_t {
  literal,
  name,
  list,
  tuple,
  dict,       ///< operands: key, value, key, value, ...
  attribute,  ///< of operand 0, called `name`
  subscript,  ///< operand 0 [operand 1]
  slice,      ///< operand 0 [operand 1 : operand 2 : operand 3], the last three may be null
  call,       ///< operand 0 with the others as arguments, the last ones with `keywords`
  filter,     ///< operand 0 | `name` with arguments, as call
  test,       ///< operand 0 is `name` with arguments, as call
  negate,
  plus,
  no,          ///< not
  all,         ///< and
  any,         ///< or
  binary,      ///< arithmetic: `name` is the sign
  concat,      ///< ~ of all operands
  compare,     ///< a chain: names[i] stands between operands i and i + 1
  conditional  ///< operand 0 if operand 1 else operand 2, which may be null
};

struct Expression {
  Op op = Op::literal;
  int line = 0;
  int depth = 1;
  std::string name = {};
  Value value = {};  ///< of a literal
  std::vector<std::unique_ptr<Expression>> operands = {};
  std::vector<std::string> names = {};  ///< keywords of a call; signs of a comparison
};

using ExpressionPtr = std::unique_ptr<Expression>;

struct Statement;
using Body = std::vector<Statement>;

/// What an assignment or a loop gives a value to: variables, or an attribute of a namespace.
struct Target {
  std::vector<std::string> names;  ///< one, or several that the items of the value go to
  bool unpacks = false;
  std::string attribute = {};  ///< of the namespace names[0]; "": the variable itself
};

enum class StatementKind : std::uint8_t {
  data,      ///< `text` as it is
  print,     ///< values[0]
  choice,    ///< if: bodies[i] under values[i]; one body more is the else
  loop,      ///< for targets[0] in values[0] if values[1], which may be null: bodies[0], else [1]
  set,       ///< targets[0] = values[0]
  capture,   ///< set with a body: targets[0] = bodies[0] through the filters of values[0], if any
  macro,     ///< `text` with parameters targets[0], the last ones with defaults `values`
  with,      ///< bodies[0] in a scope of its own with targets[i] = values[i]
  filtered,  ///< bodies[0] through the filters of values[0]
  stop,      ///< break
  skip       ///< continue
};

struct Statement {
  StatementKind kind = StatementKind::data;
  int line = 0;
  std::string text = {};
  std::vector<Target> targets = {};
  std::vector<ExpressionPtr> values = {};
  std::vector<Body> bodies = {};
};

/// The name that the operand of the filters of a body has: no name of a template.
inline constexpr std::string_view body_name = "(body)";

/// Parses `source`, valid UTF-8. Throws Problem with the line of what is no Jinja, of tags that are
/// not supported, and of what is nested too deeply.
Body parse(std::string_view source);

}  // namespace austeer::jinja
