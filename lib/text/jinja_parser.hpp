#pragma once
// The expressions of a chat template: the half of the parser that the statements build on.

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja_lexer.hpp"
#include "text/jinja_syntax.hpp"

namespace austeer::jinja {

/// Reads expressions from tokens, by Jinja's precedence: if-else, or, and, not, comparisons, + and
/// -, ~, products, powers, signs, and then what follows a value: .name [place] (call) |filter is
/// test. All throw Problem with a line.
class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Token> tokens);

  /// One expression; without `conditional` an `if` after it is left there.
  ExpressionPtr expression(bool conditional = true);
  /// The same, or a tuple of several with commas between them.
  ExpressionPtr expressions(bool conditional = true);
  /// The filters that are ahead, for the name of a body; the first without its sign where `bare`.
  ExpressionPtr filters_of_body(bool bare);

  const Token& ahead(std::size_t by = 0) const;
  Token take();
  bool skip_sign(std::string_view sign);
  bool skip_name(std::string_view name);
  Token expect(TokenKind kind, std::string_view what);
  void expect_sign(std::string_view sign);
  [[noreturn]] void unexpected(std::string_view wanted) const;

  /// Counts a level of nesting for as long as it lives.
  class Level {
   public:
    explicit Level(ExpressionParser& parser);
    ~Level() { --parser_.level_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    ExpressionParser& parser_;
  };

 private:
  using Rule = ExpressionPtr (ExpressionParser::*)();

  ExpressionPtr disjunction();
  ExpressionPtr conjunction();
  ExpressionPtr negation();
  ExpressionPtr comparison();
  ExpressionPtr sum();
  ExpressionPtr concatenation();
  ExpressionPtr product();
  ExpressionPtr power();
  ExpressionPtr unary(bool with_filters);
  ExpressionPtr filtered_unary() { return unary(true); }
  ExpressionPtr primary();
  ExpressionPtr parenthesised();
  ExpressionPtr list();
  ExpressionPtr dict();
  ExpressionPtr call(ExpressionPtr value);
  ExpressionPtr postfix(ExpressionPtr value);
  ExpressionPtr filters(ExpressionPtr value);
  ExpressionPtr filter(ExpressionPtr value);
  ExpressionPtr test(ExpressionPtr value);
  ExpressionPtr subscript(ExpressionPtr value);
  void arguments(Expression& call);
  ExpressionPtr chain(Op op, std::string_view name, Rule rule);
  ExpressionPtr arithmetic(std::initializer_list<std::string_view> signs, Rule rule);
  std::string comparison_sign();
  bool ends_tuple() const;

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int level_ = 0;
};

}  // namespace austeer::jinja
