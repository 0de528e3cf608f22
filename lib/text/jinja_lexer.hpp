#pragma once
// A chat template cut into tokens, with the white space rules that transformers sets: a line break
// after a block is dropped (trim_blocks), blanks before one too (lstrip_blocks), and `-` and `+`
// beside a tag decide otherwise.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace austeer::jinja {

enum class TokenKind : std::uint8_t {
  data,  ///< text outside of tags
  print_begin,
  print_end,
  block_begin,
  block_end,
  name,
  text,  ///< a quoted one, its escapes resolved
  integer,
  real,
  sign,  ///< an operator or a bracket
  end    ///< after the last token
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  int line = 0;

  bool is_sign(std::string_view sign) const { return kind == TokenKind::sign && text == sign; }
  bool is_name(std::string_view name) const { return kind == TokenKind::name && text == name; }
};

/// The tokens of `source`, valid UTF-8, the last one of kind end. Throws Problem with the line of
/// what is no token, of a tag that does not end, and of brackets that do not match.
std::vector<Token> tokenise(std::string_view source);

}  // namespace austeer::jinja
