// Expressions by recursive descent, a function for each level of precedence.
#include <algorithm>
#include <fmt/format.h>

#include "base/scan.hpp"
#include "text/jinja_parser.hpp"

namespace austeer::jinja {
namespace {

constexpr int most_levels = 100;  // of brackets and tags within one another
constexpr int most_depth = 300;   // of a tree: a + b + c is a tree of depth 3

/// A node over `operands`. Throws Problem where the tree becomes too deep.
ExpressionPtr node(Op op, int line, std::vector<ExpressionPtr> operands = {},
                   std::string name = {}) {
  auto result = std::make_unique<Expression>();
  result->op = op;
  result->line = line;
  result->name = std::move(name);
  for (const ExpressionPtr& operand : operands) {
    if (operand) result->depth = std::max(result->depth, operand->depth + 1);
  }
  if (result->depth > most_depth) throw Problem{"an expression has too many parts", line};
  result->operands = std::move(operands);
  return result;
}

template <typename... Operands>
ExpressionPtr node_of(Op op, int line, std::string name, Operands... operands) {
  std::vector<ExpressionPtr> list;
  (list.push_back(std::move(operands)), ...);
  return node(op, line, std::move(list), std::move(name));
}

ExpressionPtr literal(Value value, int line) {
  ExpressionPtr result = node(Op::literal, line);
  result->value = std::move(value);
  return result;
}

Value text_value(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

Value number_value(const Token& token) {
  if (token.kind == TokenKind::real) {
    if (const auto number = parse_number<double>(token.text)) return *number;
  } else if (const auto number = parse_number<std::int64_t>(token.text)) {
    return *number;
  }
  throw Problem{fmt::format("the number {} is out of range", token.text), token.line};
}

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::block_end:
      return "%}";
    case TokenKind::print_end:
      return "}}";
    case TokenKind::end:
      return "the end of the template";
    case TokenKind::data:
    case TokenKind::block_begin:
    case TokenKind::print_begin:
      return "the end of a tag";
    default:
      return fmt::format("'{}'", token.text);
  }
}

}  // namespace

ExpressionParser::ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

ExpressionParser::Level::Level(ExpressionParser& parser) : parser_(parser) {
  if (++parser_.level_ <= most_levels) return;
  --parser_.level_;
  throw Problem{"expressions or blocks are nested too deeply", parser_.ahead().line};
}

const Token& ExpressionParser::ahead(std::size_t by) const {
  return tokens_[std::min(at_ + by, tokens_.size() - 1)];
}

Token ExpressionParser::take() {
  Token token = ahead();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool ExpressionParser::skip_sign(std::string_view sign) {
  if (!ahead().is_sign(sign)) return false;
  take();
  return true;
}

bool ExpressionParser::skip_name(std::string_view name) {
  if (!ahead().is_name(name)) return false;
  take();
  return true;
}

Token ExpressionParser::expect(TokenKind kind, std::string_view what) {
  if (ahead().kind != kind) unexpected(what);
  return take();
}

void ExpressionParser::expect_sign(std::string_view sign) {
  if (!skip_sign(sign)) unexpected(fmt::format("'{}'", sign));
}

void ExpressionParser::unexpected(std::string_view wanted) const {
  throw Problem{fmt::format("{} where {} should stand", describe(ahead()), wanted), ahead().line};
}

ExpressionPtr ExpressionParser::expression(bool conditional) {
  const Level level(*this);
  ExpressionPtr result = disjunction();
  while (conditional && ahead().is_name("if")) {
    const int line = take().line;
    ExpressionPtr condition = disjunction();
    ExpressionPtr other = skip_name("else") ? expression() : nullptr;
    result = node_of(Op::conditional, line, "", std::move(result), std::move(condition),
                     std::move(other));
  }
  return result;
}

bool ExpressionParser::ends_tuple() const {
  const TokenKind kind = ahead().kind;
  return kind == TokenKind::print_end || kind == TokenKind::block_end || ahead().is_sign(")");
}

ExpressionPtr ExpressionParser::expressions(bool conditional) {
  const int line = ahead().line;
  std::vector<ExpressionPtr> items;
  items.push_back(expression(conditional));
  if (!ahead().is_sign(",")) return std::move(items.front());
  while (skip_sign(",") && !ends_tuple()) items.push_back(expression(conditional));
  return node(Op::tuple, line, std::move(items));
}

ExpressionPtr ExpressionParser::chain(Op op, std::string_view name, Rule rule) {
  const int line = ahead().line;
  std::vector<ExpressionPtr> operands;
  operands.push_back((this->*rule)());
  while (skip_name(name)) operands.push_back((this->*rule)());
  if (operands.size() == 1) return std::move(operands.front());
  return node(op, line, std::move(operands));
}

ExpressionPtr ExpressionParser::disjunction() {
  return chain(Op::any, "or", &ExpressionParser::conjunction);
}

ExpressionPtr ExpressionParser::conjunction() {
  return chain(Op::all, "and", &ExpressionParser::negation);
}

ExpressionPtr ExpressionParser::negation() {
  if (!ahead().is_name("not")) return comparison();
  const Level level(*this);
  const int line = take().line;
  return node_of(Op::no, line, "", negation());
}

/// The sign of a comparison that is ahead, taken; "" where there is none.
std::string ExpressionParser::comparison_sign() {
  for (const std::string_view sign : {"==", "!=", "<=", ">=", "<", ">"}) {
    if (skip_sign(sign)) return std::string(sign);
  }
  if (skip_name("in")) return "in";
  if (!ahead().is_name("not") || !ahead(1).is_name("in")) return "";
  take();
  take();
  return "not in";
}

ExpressionPtr ExpressionParser::comparison() {
  const int line = ahead().line;
  std::vector<ExpressionPtr> operands;
  std::vector<std::string> signs;
  operands.push_back(sum());
  for (std::string sign = comparison_sign(); !sign.empty(); sign = comparison_sign()) {
    signs.push_back(std::move(sign));
    operands.push_back(sum());
  }
  if (signs.empty()) return std::move(operands.front());
  ExpressionPtr result = node(Op::compare, line, std::move(operands));
  result->names = std::move(signs);
  return result;
}

ExpressionPtr ExpressionParser::arithmetic(std::initializer_list<std::string_view> signs,
                                           Rule rule) {
  ExpressionPtr left = (this->*rule)();
  for (;;) {
    const Token& next = ahead();
    const bool known =
        next.kind == TokenKind::sign && std::ranges::find(signs, next.text) != signs.end();
    if (!known) return left;
    const Token sign = take();
    ExpressionPtr right = (this->*rule)();
    left = node_of(Op::binary, sign.line, sign.text, std::move(left), std::move(right));
  }
}

ExpressionPtr ExpressionParser::sum() {
  return arithmetic({"+", "-"}, &ExpressionParser::concatenation);
}

ExpressionPtr ExpressionParser::concatenation() {
  const int line = ahead().line;
  std::vector<ExpressionPtr> operands;
  operands.push_back(product());
  while (skip_sign("~")) operands.push_back(product());
  if (operands.size() == 1) return std::move(operands.front());
  return node(Op::concat, line, std::move(operands));
}

ExpressionPtr ExpressionParser::product() {
  return arithmetic({"*", "/", "//", "%"}, &ExpressionParser::power);
}

ExpressionPtr ExpressionParser::power() {
  return arithmetic({"**"}, &ExpressionParser::filtered_unary);
}

ExpressionPtr ExpressionParser::unary(bool with_filters) {
  const Level level(*this);
  ExpressionPtr value;
  if (ahead().is_sign("-") || ahead().is_sign("+")) {
    const Token sign = take();
    value = node_of(sign.text == "-" ? Op::negate : Op::plus, sign.line, "", unary(false));
  } else {
    value = primary();
  }
  value = postfix(std::move(value));
  return with_filters ? filters(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::primary() {
  const Token& next = ahead();
  const int line = next.line;
  if (next.is_sign("(")) return parenthesised();
  if (next.is_sign("[")) return list();
  if (next.is_sign("{")) return dict();
  if (next.kind == TokenKind::text) {
    std::string text = take().text;
    while (ahead().kind == TokenKind::text) text += take().text;
    return literal(text_value(std::move(text)), line);
  }
  if (next.kind == TokenKind::integer || next.kind == TokenKind::real) {
    return literal(number_value(take()), line);
  }
  if (next.kind != TokenKind::name) unexpected("a value");
  std::string name = take().text;
  if (name == "true" || name == "True") return literal(true, line);
  if (name == "false" || name == "False") return literal(false, line);
  if (name == "none" || name == "None") return literal(None(), line);
  return node(Op::name, line, {}, std::move(name));
}

ExpressionPtr ExpressionParser::parenthesised() {
  const int line = take().line;
  ExpressionPtr inner = ahead().is_sign(")") ? node(Op::tuple, line) : expressions();
  expect_sign(")");
  return inner;
}

ExpressionPtr ExpressionParser::list() {
  const int line = take().line;
  std::vector<ExpressionPtr> items;
  while (!ahead().is_sign("]")) {
    if (!items.empty()) expect_sign(",");
    if (ahead().is_sign("]")) break;
    items.push_back(expression());
  }
  take();
  return node(Op::list, line, std::move(items));
}

ExpressionPtr ExpressionParser::dict() {
  const int line = take().line;
  std::vector<ExpressionPtr> items;
  while (!ahead().is_sign("}")) {
    if (!items.empty()) expect_sign(",");
    if (ahead().is_sign("}")) break;
    items.push_back(expression());
    expect_sign(":");
    items.push_back(expression());
  }
  take();
  return node(Op::dict, line, std::move(items));
}

ExpressionPtr ExpressionParser::call(ExpressionPtr value) {
  ExpressionPtr result = node_of(Op::call, ahead().line, "", std::move(value));
  arguments(*result);
  return result;
}

ExpressionPtr ExpressionParser::postfix(ExpressionPtr value) {
  for (;;) {
    if (ahead().is_sign(".") || ahead().is_sign("[")) {
      value = subscript(std::move(value));
    } else if (ahead().is_sign("(")) {
      value = call(std::move(value));
    } else {
      return value;
    }
  }
}

ExpressionPtr ExpressionParser::filters(ExpressionPtr value) {
  for (;;) {
    if (skip_sign("|")) {
      value = filter(std::move(value));
    } else if (ahead().is_name("is")) {
      value = test(std::move(value));
    } else if (ahead().is_sign("(")) {
      value = call(std::move(value));
    } else {
      return value;
    }
  }
}

ExpressionPtr ExpressionParser::filter(ExpressionPtr value) {
  const Token name = expect(TokenKind::name, "the name of a filter");
  ExpressionPtr result = node_of(Op::filter, name.line, name.text, std::move(value));
  if (ahead().is_sign("(")) arguments(*result);
  return result;
}

ExpressionPtr ExpressionParser::filters_of_body(bool bare) {
  ExpressionPtr value = node(Op::name, ahead().line, {}, std::string(body_name));
  if (bare) value = filter(std::move(value));
  while (skip_sign("|")) value = filter(std::move(value));
  return value;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr value) {
  take();
  const bool negated = skip_name("not");
  const Token name = expect(TokenKind::name, "the name of a test");
  ExpressionPtr result = node_of(Op::test, name.line, name.text, std::move(value));
  const Token& next = ahead();
  const bool value_follows = next.kind == TokenKind::text || next.kind == TokenKind::integer ||
                             next.kind == TokenKind::real || next.is_sign("[") ||
                             next.is_sign("{") ||
                             (next.kind == TokenKind::name && next.text != "else" &&
                              next.text != "or" && next.text != "and");
  if (next.is_sign("(")) {
    arguments(*result);
  } else if (value_follows) {
    if (next.is_name("is")) unexpected("and or or");
    ExpressionPtr argument = postfix(primary());
    result = node_of(Op::test, name.line, name.text, std::move(result->operands.front()),
                     std::move(argument));
  }
  return negated ? node_of(Op::no, name.line, "", std::move(result)) : std::move(result);
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr value) {
  const int line = ahead().line;
  if (skip_sign(".")) {
    if (ahead().kind == TokenKind::integer) {
      ExpressionPtr place = literal(number_value(take()), line);
      return node_of(Op::subscript, line, "", std::move(value), std::move(place));
    }
    const Token name = expect(TokenKind::name, "a name or a number");
    return node_of(Op::attribute, line, name.text, std::move(value));
  }
  expect_sign("[");
  std::vector<ExpressionPtr> parts;  // start, stop, step
  parts.push_back(ahead().is_sign(":") ? nullptr : expression());
  while (parts.size() < 3 && skip_sign(":")) {
    const bool given = !ahead().is_sign(":") && !ahead().is_sign("]");
    parts.push_back(given ? expression() : nullptr);
  }
  expect_sign("]");
  if (parts.size() == 1) {
    return node_of(Op::subscript, line, "", std::move(value), std::move(parts.front()));
  }
  parts.resize(3);
  return node_of(Op::slice, line, "", std::move(value), std::move(parts[0]), std::move(parts[1]),
                 std::move(parts[2]));
}

/// The arguments in brackets, onto the operands of `call`.
void ExpressionParser::arguments(Expression& call) {
  expect_sign("(");
  for (bool first = true; !ahead().is_sign(")"); first = false) {
    if (!first) expect_sign(",");
    if (ahead().is_sign(")")) break;
    if (ahead().is_sign("*") || ahead().is_sign("**")) {
      throw Problem{"arguments by * and ** are not supported", ahead().line};
    }
    const bool keyword = ahead().kind == TokenKind::name && ahead(1).is_sign("=");
    if (keyword) {
      call.names.push_back(take().text);
      take();
    } else if (!call.names.empty()) {
      unexpected("an argument with a name");
    }
    call.operands.push_back(expression());
    call.depth = std::max(call.depth, call.operands.back()->depth + 1);
  }
  take();
  if (call.depth > most_depth) throw Problem{"an expression has too many parts", call.line};
}

}  // namespace austeer::jinja
