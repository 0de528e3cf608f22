// Statements: the tags between the text of a template.
#include "text/jinja_parser.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "text/jinja_syntax.hpp"

namespace austeer::jinja {
namespace {

class Parser : public ExpressionParser {
 public:
  explicit Parser(std::string_view source) : ExpressionParser(tokenise(source)) {}

  Body whole() {
    Body result = body({});
    if (ahead().kind != TokenKind::end) {
      throw Problem{fmt::format("{{% {} %}} closes nothing", ahead(1).text), ahead(1).line};
    }
    return result;
  }

 private:
  /// Statements up to a tag with one of `ends`, which is left ahead, or to the end of the template.
  Body body(const std::vector<std::string_view>& ends) {
    const Level level(*this);
    Body result;
    for (;;) {
      const Token& next = ahead();
      if (next.kind == TokenKind::data) {
        result.push_back({StatementKind::data, next.line, take().text});
      } else if (next.kind == TokenKind::print_begin) {
        result.push_back({StatementKind::print, take().line});
        result.back().values.push_back(expressions());
        expect(TokenKind::print_end, "}}");
      } else if (next.kind == TokenKind::end) {
        if (!ends.empty()) {
          throw Problem{fmt::format("the template ends before {{% {} %}}", ends.back()), next.line};
        }
        return result;
      } else {
        const Token& tag = ahead(1);
        const bool ending = tag.kind == TokenKind::name &&
                            (std::ranges::find(ends, tag.text) != ends.end() || is_end(tag.text));
        if (ending) return result;
        take();
        statement(result);
      }
    }
  }

  /// The body of a block that break and continue do not leave.
  Body own_body(std::string_view end) {
    const int loops = std::exchange(loops_, 0);
    Body result = body({end});
    loops_ = loops;
    return result;
  }

  /// Whether a tag can only end or part another.
  static bool is_end(std::string_view tag) {
    return tag.starts_with("end") || tag == "else" || tag == "elif";
  }

  void end_tag() { expect(TokenKind::block_end, "%}"); }

  /// The end of the block `name`, which began at `line`.
  void end_block(std::string_view name, int line) {
    const Token& tag = ahead(1);
    if (!tag.is_name(name)) {
      throw Problem{
          fmt::format("{{% {} %}} where {{% {} %}} of line {} should stand", tag.text, name, line),
          tag.line};
    }
    take();
    take();
    end_tag();
  }

  void statement(Body& result) {
    const Token tag = expect(TokenKind::name, "the name of a tag");
    using Rule = void (Parser::*)(Statement&);
    struct Known {
      std::string_view name;
      StatementKind kind;
      Rule rule;
    };
    static constexpr Known known[] = {{"if", StatementKind::choice, &Parser::choice},
                                      {"for", StatementKind::loop, &Parser::loop},
                                      {"set", StatementKind::set, &Parser::set},
                                      {"macro", StatementKind::macro, &Parser::macro},
                                      {"with", StatementKind::with, &Parser::with},
                                      {"filter", StatementKind::filtered, &Parser::filtered},
                                      {"generation", StatementKind::with, &Parser::generation},
                                      {"break", StatementKind::stop, &Parser::jump},
                                      {"continue", StatementKind::skip, &Parser::jump}};
    const auto* found =
        std::ranges::find_if(known, [&](const Known& one) { return one.name == tag.text; });
    if (found == std::end(known)) {
      throw Problem{fmt::format("the tag '{}' is not supported", tag.text), tag.line};
    }
    Statement statement{found->kind, tag.line};
    (this->*found->rule)(statement);
    result.push_back(std::move(statement));
  }

  void choice(Statement& statement) {
    for (;;) {
      statement.values.push_back(expressions(false));
      end_tag();
      statement.bodies.push_back(body({"elif", "else", "endif"}));
      if (!ahead(1).is_name("elif")) break;
      take();
      take();
    }
    optional_else(statement, "endif");
  }

  /// Another body after {% else %}, if there is one; and the end.
  void optional_else(Statement& statement, std::string_view end) {
    if (ahead(1).is_name("else")) {
      take();
      take();
      end_tag();
      statement.bodies.push_back(body({end}));
    }
    end_block(end, statement.line);
  }

  void loop(Statement& statement) {
    statement.targets.push_back(target(false));
    if (!skip_name("in")) unexpected("in");
    statement.values.push_back(expressions(false));
    statement.values.push_back(skip_name("if") ? expression() : nullptr);
    if (ahead().is_name("recursive")) {
      throw Problem{"a for statement that is recursive is not supported", ahead().line};
    }
    end_tag();
    ++loops_;
    statement.bodies.push_back(body({"else", "endfor"}));
    --loops_;
    optional_else(statement, "endfor");
  }

  Target target(bool with_attribute) {
    Target result;
    const bool brackets = skip_sign("(");
    result.names.push_back(variable());
    if (with_attribute && !brackets && skip_sign(".")) {
      result.attribute = expect(TokenKind::name, "the name of an attribute").text;
      return result;
    }
    while (skip_sign(",")) {
      result.unpacks = true;
      if (ahead().kind != TokenKind::name || ahead().is_name("in")) break;
      result.names.push_back(variable());
    }
    if (brackets) expect_sign(")");
    return result;
  }

  std::string variable() {
    const Token name = expect(TokenKind::name, "the name of a variable");
    for (const char* reserved : {"true", "false", "none", "True", "False", "None"}) {
      if (name.text == reserved) {
        throw Problem{fmt::format("'{}' cannot be a variable", reserved), name.line};
      }
    }
    return name.text;
  }

  void set(Statement& statement) {
    statement.targets.push_back(target(true));
    if (skip_sign("=")) {
      statement.values.push_back(expressions());
      return end_tag();
    }
    statement.kind = StatementKind::capture;
    statement.values.push_back(filters_of_body(false));
    end_tag();
    statement.bodies.push_back(own_body("endset"));
    end_block("endset", statement.line);
  }

  void macro(Statement& statement) {
    statement.text = expect(TokenKind::name, "the name of a macro").text;
    Target parameters;
    expect_sign("(");
    while (!ahead().is_sign(")")) {
      if (!parameters.names.empty()) expect_sign(",");
      parameters.names.push_back(variable());
      if (skip_sign("=")) {
        statement.values.push_back(expression());
      } else if (!statement.values.empty()) {
        unexpected("a default after the others'");
      }
    }
    take();
    statement.targets.push_back(std::move(parameters));
    end_tag();
    statement.bodies.push_back(own_body("endmacro"));
    end_block("endmacro", statement.line);
  }

  void with(Statement& statement) {
    while (ahead().kind != TokenKind::block_end) {
      if (!statement.targets.empty()) expect_sign(",");
      statement.targets.push_back(target(false));
      expect_sign("=");
      statement.values.push_back(expression());
    }
    end_tag();
    statement.bodies.push_back(body({"endwith"}));
    end_block("endwith", statement.line);
  }

  void filtered(Statement& statement) {
    statement.values.push_back(filters_of_body(true));
    end_tag();
    statement.bodies.push_back(own_body("endfilter"));
    end_block("endfilter", statement.line);
  }

  void generation(Statement& statement) {
    end_tag();
    statement.bodies.push_back(own_body("endgeneration"));
    end_block("endgeneration", statement.line);
  }

  void jump(Statement& statement) {
    if (loops_ == 0) throw Problem{"break or continue outside of a for statement", statement.line};
    end_tag();
  }

  int loops_ = 0;  // around the statement, that break could end
};

}  // namespace

Body parse(std::string_view source) { return Parser(source).whole(); }

}  // namespace austeer::jinja
