#include "text/jinja_lexer.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/scan.hpp"
#include "base/utf8.hpp"
#include "text/jinja_text.hpp"
#include "text/jinja_value.hpp"

namespace austeer::jinja {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::ptrdiff_t longest_name = 255;

// Longer ones first.
constexpr std::array<std::string_view, 26> signs = {
    "==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<",
    ">",  "=",  "(",  ")",  "[",  "]",  "{", "}", ".", ",", ":", "|", ";"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_number(char c) { return c >= '0' && c <= '9'; }

/// With every line break as "\n", and without one at the end.
std::string with_plain_breaks(std::string_view source) {
  std::string text;
  text.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      text += source[i];
    } else {
      text += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    }
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

/// The escapes of a Python text resolved.
class Unescaped {
 public:
  Unescaped(std::string_view quoted, int line) : quoted_(quoted), line_(line) {}

  std::string text() {
    while (at_ < quoted_.size()) {
      if (quoted_[at_] != '\\' || at_ + 1 == quoted_.size()) {
        text_ += quoted_[at_++];
      } else {
        ++at_;
        escape(quoted_[at_++]);
      }
    }
    return std::move(text_);
  }

 private:
  void escape(char c) {
    constexpr std::string_view names = "abfnrtv\\'\"";
    constexpr std::string_view meant = "\a\b\f\n\r\t\v\\'\"";
    if (const std::size_t known = names.find(c); known != npos) {
      text_ += meant[known];
    } else if (c == 'x' || c == 'u' || c == 'U') {
      append(code(c == 'x' ? 2 : c == 'u' ? 4 : 8, 16));
    } else if (c >= '0' && c <= '7') {
      --at_;
      std::size_t digits = 0;
      while (digits < 3 && at_ + digits < quoted_.size() && quoted_[at_ + digits] >= '0' &&
             quoted_[at_ + digits] <= '7') {
        ++digits;
      }
      append(code(digits, 8));
    } else if (c == 'N') {
      throw Problem{"\\N{...} in a text is not supported", line_};
    } else if (c != '\n') {
      text_ += '\\';
      text_ += c;
    }
  }

  char32_t code(std::size_t digits, int base) {
    const std::string_view code = quoted_.substr(at_, digits);
    const auto value = parse_number<std::uint32_t>(code, base);
    if (code.size() < digits || !value) throw Problem{"an escape in a text is cut off", line_};
    at_ += digits;
    return *value;
  }

  void append(char32_t value) {
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
      throw Problem{"an escape in a text is no character", line_};
    }
    append_utf8(text_, value);
  }

  std::string_view quoted_;
  std::size_t at_ = 0;
  int line_;
  std::string text_;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(with_plain_breaks(source)), rest_(source_) {}

  std::vector<Token> tokens() {
    while (!rest_.empty()) read_data();
    add(TokenKind::end, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Problem{what, line_}; }

  void add(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  /// Goes on by `count` bytes.
  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    line_ += static_cast<int>(std::ranges::count(taken, '\n'));
    if (!taken.empty()) line_starts_ = taken.back() == '\n';
    rest_.remove_prefix(count);
    return taken;
  }

  void skip_space() { take(rest_.size() - strip(rest_, Ends::front).size()); }

  /// Text up to the next tag, and that tag.
  void read_data() {
    std::size_t begin = rest_.find('{');
    while (begin != npos &&
           (begin + 1 == rest_.size() || std::string_view("{%#").find(rest_[begin + 1]) == npos)) {
      begin = rest_.find('{', begin + 1);
    }
    if (begin == npos) return add_data(take(rest_.size()));
    const char tag = rest_[begin + 1];
    const char sign = begin + 2 < rest_.size() ? rest_[begin + 2] : ' ';
    std::string_view data = rest_.substr(0, begin);
    if (sign == '-') {
      data = strip(data, Ends::back);
    } else if (sign != '+' && tag != '{') {
      data = without_indent(data, line_starts_);
    }
    add_data(data);
    take(begin + (sign == '-' || sign == '+' ? 3 : 2));
    if (tag == '#') return skip_comment();
    if (tag == '%' && read_raw()) return;
    add(tag == '%' ? TokenKind::block_begin : TokenKind::print_begin, "");
    read_tag(tag == '%' ? "%}" : "}}");
  }

  void add_data(std::string_view data) {
    if (!data.empty()) add(TokenKind::data, std::string(data));
  }

  /// `data` without blanks after its last line break.
  static std::string_view without_indent(std::string_view data, bool line_starts) {
    const std::size_t line = data.rfind('\n') + 1;
    if (line == 0 && !line_starts) return data;
    return strip(data.substr(line), Ends::front).empty() ? data.substr(0, line) : data;
  }

  /// Whether the tag ends here with `close`; goes on behind it and the white space that it drops.
  bool ends_tag(std::string_view close, bool trims) {
    if (rest_.starts_with(close)) {
      take(close.size());
      if (trims && rest_.starts_with('\n')) take(1);
      return true;
    }
    const bool marked = rest_.size() > close.size() && rest_.substr(1).starts_with(close);
    if (marked && rest_.front() == '-') {
      take(1 + close.size());
      skip_space();
      return true;
    }
    if (!marked || rest_.front() != '+' || !trims) return false;
    take(1 + close.size());
    return true;
  }

  void skip_comment() {
    const std::size_t end = rest_.find("#}");
    if (end == npos) fail("a comment does not end");
    const bool marked = end > 0 && (rest_[end - 1] == '-' || rest_[end - 1] == '+');
    take(marked ? end - 1 : end);
    ends_tag("#}", true);
  }

  /// Reads {% raw %}...{% endraw %}, where the tag that was begun is raw.
  bool read_raw() {
    std::string_view ahead = strip(rest_, Ends::front);
    if (!ahead.starts_with("raw")) return false;
    ahead = strip(ahead.substr(3), Ends::front);
    if (!ahead.starts_with("%}") && !ahead.starts_with("-%}")) return false;
    take(rest_.size() - ahead.size());
    ends_tag("%}", false);
    const int line = line_;
    for (std::size_t from = 0;;) {
      const std::size_t begin = rest_.find("{%", from);
      if (begin == npos) throw Problem{"{% raw %} does not end", line};
      if (end_raw(begin)) return true;
      from = begin + 2;
    }
  }

  /// Ends raw text before its byte `begin`, where {% endraw %} stands there.
  bool end_raw(std::size_t begin) {
    std::string_view ahead = rest_.substr(begin + 2);
    const char sign = ahead.empty() ? ' ' : ahead.front();
    if (sign == '-' || sign == '+') ahead.remove_prefix(1);
    ahead = strip(ahead, Ends::front);
    if (!ahead.starts_with("endraw")) return false;
    ahead = strip(ahead.substr(6), Ends::front);
    if (!ahead.starts_with("%}") && !ahead.starts_with("-%}") && !ahead.starts_with("+%}")) {
      return false;
    }
    std::string_view data = rest_.substr(0, begin);
    if (sign == '-') {
      data = strip(data, Ends::back);
    } else if (sign != '+') {
      data = without_indent(data, line_starts_);
    }
    add_data(data);
    take(rest_.size() - ahead.size());
    return ends_tag("%}", true);
  }

  /// The tokens of a tag, to its end.
  void read_tag(std::string_view close) {
    const int line = line_;
    const bool block = close == "%}";
    std::string open;  // brackets, to match
    for (;;) {
      if (open.empty() && ends_tag(close, block)) break;
      skip_space();
      if (open.empty() && ends_tag(close, block)) break;
      if (rest_.empty()) throw Problem{fmt::format("a tag does not end with {}", close), line};
      read_token(open);
    }
    add(block ? TokenKind::block_end : TokenKind::print_end, "");
  }

  void read_token(std::string& open) {
    const char c = rest_.front();
    if (is_letter(c)) {
      const auto end =
          std::ranges::find_if(rest_, [](char k) { return !is_letter(k) && !is_number(k); });
      if (end - rest_.begin() > longest_name) fail("a name is too long");
      return add_taken(TokenKind::name, static_cast<std::size_t>(end - rest_.begin()));
    }
    if (is_number(c)) return read_number();
    if (c == '"' || c == '\'') return read_text(c);
    const auto* sign = std::ranges::find_if(
        signs, [&](std::string_view known) { return rest_.starts_with(known); });
    if (sign == signs.end()) {
      fail(fmt::format("'{}' is unexpected", rest_.substr(0, code_point_at(rest_, 0).length)));
    }
    match_brackets(sign->front(), open);
    add_taken(TokenKind::sign, sign->size());
  }

  void add_taken(TokenKind kind, std::size_t count) {
    add(kind, std::string(rest_.substr(0, count)));
    take(count);
  }

  void match_brackets(char sign, std::string& open) const {
    constexpr std::string_view opening = "([{";
    constexpr std::string_view closing = ")]}";
    if (opening.find(sign) != npos) {
      open += closing[opening.find(sign)];
    } else if (closing.find(sign) != npos) {
      if (open.empty() || open.back() != sign) fail(fmt::format("'{}' closes nothing", sign));
      open.pop_back();
    }
  }

  std::size_t digits_from(std::size_t at) const {
    const auto is_part = [&](std::size_t i) {
      return i < rest_.size() &&
             (is_number(rest_[i]) || (rest_[i] == '_' && i > 0 && i + 1 < rest_.size() &&
                                      is_number(rest_[i - 1]) && is_number(rest_[i + 1])));
    };
    while (is_part(at)) ++at;
    return at;
  }

  void read_number() {
    if (rest_.size() > 1 && rest_[0] == '0' && is_letter(rest_[1])) {
      fail("numbers in base 2, 8 or 16 are not supported");
    }
    std::size_t end = digits_from(0);
    TokenKind kind = TokenKind::integer;
    const bool follows_dot = !tokens_.empty() && tokens_.back().is_sign(".");
    if (!follows_dot && end + 1 < rest_.size() && rest_[end] == '.' && is_number(rest_[end + 1])) {
      kind = TokenKind::real;
      end = digits_from(end + 1);
    }
    if (!follows_dot && end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
      std::size_t exponent = end + 1;
      if (exponent < rest_.size() && (rest_[exponent] == '+' || rest_[exponent] == '-')) ++exponent;
      if (exponent < rest_.size() && is_number(rest_[exponent])) {
        kind = TokenKind::real;
        end = digits_from(exponent);
      }
    }
    std::string digits(rest_.substr(0, end));
    std::erase(digits, '_');
    if (kind == TokenKind::integer && digits.size() > 1 && digits.find_first_not_of('0') != npos &&
        digits.front() == '0') {
      fail("an integer begins with 0");
    }
    add(kind, std::move(digits));
    take(end);
  }

  void read_text(char quote) {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != quote) end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) fail("a text in quotes does not end");
    add(TokenKind::text, Unescaped(rest_.substr(1, end - 1), line_).text());
    take(end + 1);
  }

  std::string source_;
  std::string_view rest_;
  int line_ = 1;
  bool line_starts_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenise(std::string_view source) { return Lexer(source).tokens(); }

}  // namespace austeer::jinja
