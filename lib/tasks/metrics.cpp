// The metrics and their names.
#include "tasks/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/utf8.hpp"

namespace austeer {

// Finding numbers in text, one scan from left to right.

namespace {

using namespace std::string_view_literals;

constexpr double whole_below = 1e15;  // whole numbers are exact far beyond this

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_digit(c) || is_letter(c); }

// Dashes are minus signs only where they cannot stand between two numbers.
constexpr std::array dashes = {"\u2012"sv, "\u2013"sv, "\u2014"sv};
constexpr std::array minus_signs = {"-"sv,      "\u2212"sv, "\u2010"sv,
                                    "\u2011"sv, "\ufe63"sv, "\uff0d"sv};
constexpr std::array currencies = {"\\$"sv, "$"sv, "€"sv, "£"sv, "¥"sv};
constexpr std::array narrow_spaces = {"\u202f"sv, "\u00a0"sv, "\u2009"sv};
constexpr std::array thousands_separators = {",\\!"sv,   "{,}"sv,    "\\,"sv,   ","sv,
                                             "\u202f"sv, "\u00a0"sv, "\u2009"sv};
constexpr std::array fractions = {"\\frac"sv, "\\dfrac"sv, "\\tfrac"sv};

/// The one of `list` that `text` begins with; "" where none is.
template <std::size_t N>
std::string_view opening(std::string_view text, const std::array<std::string_view, N>& list) {
  const auto found = std::ranges::find_if(list, [&](auto one) { return text.starts_with(one); });
  return found == list.end() ? std::string_view() : *found;
}

/// The one of `list` that `text` ends with; "" where none is.
template <std::size_t N>
std::string_view ending(std::string_view text, const std::array<std::string_view, N>& list) {
  const auto found = std::ranges::find_if(list, [&](auto one) { return text.ends_with(one); });
  return found == list.end() ? std::string_view() : *found;
}

/// Whether a number behind `before` is negative: a minus sign stands at its end, perhaps with
/// currency signs behind it, and no letter or digit before that.
bool ends_with_minus(std::string_view before) {
  while (const std::size_t size = ending(before, currencies).size()) before.remove_suffix(size);
  const std::size_t minus = ending(before, minus_signs).size();
  const std::size_t dash = ending(before, dashes).size();
  if (minus + dash == 0) return false;
  before.remove_suffix(minus + dash);
  if (before.empty()) return true;
  const char last = before.back();
  if (is_word(last)) return false;
  if (dash == 0 || !ending(before, narrow_spaces).empty()) return true;
  const bool closes = std::string_view("%)]}").find(last) != std::string_view::npos;
  return !closes && static_cast<unsigned char>(last) < 0x80;
}

/// Reads numbers at a place that moves forward through the text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// All numbers, in order.
  std::vector<double> numbers() {
    std::vector<double> found;
    while (at_ < text_.size()) {
      const std::size_t start = at_;
      std::optional<double> value = latex_fraction();
      if (!value && starts_number(at_)) value = number();
      if (value) {
        found.push_back(ends_with_minus(text_.substr(0, start)) ? -*value : *value);
      } else {
        ++at_;
      }
    }
    return found;
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  bool digit_at(std::size_t i) const { return i < text_.size() && is_digit(text_[i]); }

  /// Whether a number starts at `i`: with a digit, or with a point that stands before one (".5")
  /// and behind no digit, letter or point.
  bool starts_number(std::size_t i) const {
    if (digit_at(i)) return true;
    if (i >= text_.size() || text_[i] != '.' || !digit_at(i + 1)) return false;
    return i == 0 || (!is_word(text_[i - 1]) && text_[i - 1] != '.');
  }

  std::size_t digits_from(std::size_t i) const {
    std::size_t end = i;
    while (digit_at(end)) ++end;
    return end - i;
  }

  /// The number that starts at the current place, with what it is divided by and with the fraction
  /// of a mixed one.
  double number() {
    double value = quantity();
    if (const std::optional<double> part = latex_fraction()) return value + *part;
    if (at_ < text_.size() && text_[at_] == '/' && starts_number(at_ + 1)) {
      const std::size_t before = at_++;
      const double divisor = quantity();
      if (divisor == 0) {
        at_ = before;
      } else {
        value /= divisor;
      }
    }
    return value;
  }

  /// Groups of three digits after separators of one kind, where the digits before are one to three.
  void take_groups(std::string& digits) {
    if (digits.empty() || digits.size() > 3) return;
    const std::string_view separator = opening(rest(), thousands_separators);
    while (!separator.empty() && rest().starts_with(separator) &&
           digits_from(at_ + separator.size()) == 3) {
      at_ += separator.size();
      digits += text_.substr(at_, 3);
      at_ += 3;
    }
  }

  /// The unsigned number at the current place, which moves behind it.
  double quantity() {
    std::string digits;
    while (digit_at(at_)) digits += text_[at_++];
    take_groups(digits);
    if (at_ < text_.size() && text_[at_] == '.' && digit_at(at_ + 1)) {
      digits += text_[at_++];
      while (digit_at(at_)) digits += text_[at_++];
    }
    double value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
    return value;
  }

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  /// A number of LaTeX in braces, with its sign, or a digit without braces.
  std::optional<double> latex_argument() {
    skip_spaces();
    if (digit_at(at_)) return text_[at_++] - '0';
    if (!rest().starts_with('{')) return std::nullopt;
    ++at_;
    skip_spaces();
    const std::size_t minus = opening(rest(), minus_signs).size();
    at_ += minus;
    if (!starts_number(at_)) return std::nullopt;
    const double value = quantity();
    skip_spaces();
    if (!rest().starts_with('}')) return std::nullopt;
    ++at_;
    return minus > 0 ? -value : value;
  }

  /// The quotient of a fraction of two numbers at the current place, which moves behind it.
  std::optional<double> latex_fraction() {
    const std::size_t start = at_;
    const std::size_t command = opening(rest(), fractions).size();
    if (command == 0) return std::nullopt;
    at_ += command;
    const std::optional<double> above = latex_argument();
    const std::optional<double> below = above ? latex_argument() : std::nullopt;
    if (below && *below != 0) return *above / *below;
    at_ = start;
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// What stands in the braces of the last \boxed{}, to the end of the text where they stay open.
std::optional<std::string_view> in_last_box(std::string_view text) {
  constexpr std::string_view box = "\\boxed{";
  const std::size_t start = text.rfind(box);
  if (start == std::string_view::npos) return std::nullopt;
  text.remove_prefix(start + box.size());
  int open = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++open;
    } else if (text[i] == '}' && --open == 0) {
      return text.substr(0, i);
    }
  }
  return text;
}

/// What stands behind the first mark of GSM8K and the paper.
std::optional<std::string_view> after_hashes(std::string_view text) {
  constexpr std::string_view mark = "####";
  const std::size_t start = text.find(mark);
  if (start == std::string_view::npos) return std::nullopt;
  return text.substr(start + mark.size());
}

/// What stands behind the first "answer" that is followed by ':' or by the word "is".
std::optional<std::string_view> after_answer(std::string_view text) {
  constexpr std::string_view spaces = " \t\n\r\f\v";
  constexpr std::string_view word = "answer";
  const std::string small = lower_ascii(text);
  for (std::size_t i = small.find(word); i != std::string::npos; i = small.find(word, i + 1)) {
    const std::size_t end = i + word.size();
    const std::size_t next = small.find_first_not_of(spaces, end);
    if (next == std::string::npos) break;
    const std::size_t after_is = next + 2;
    const bool is =
        next > end && small.compare(next, 2, "is") == 0 &&
        (after_is == small.size() || (!is_word(small[after_is]) && small[after_is] != '_'));
    if (small[next] == ':') return text.substr(next + 1);
    if (is) return text.substr(after_is);
  }
  return std::nullopt;
}

/// `text` before the first line that opens a further question, or all of it. That is what a model
/// goes on with that repeats its prompt's form.
std::string_view before_next_question(std::string_view text) {
  constexpr std::string_view word = "question";
  constexpr std::string_view decoration = " \t*#";
  const std::string small = lower_ascii(text);
  for (std::size_t i = small.find(word); i != std::string::npos; i = small.find(word, i + 1)) {
    const std::string_view before = std::string_view(small).substr(0, i);
    const std::size_t line = before.find_last_not_of(decoration);
    const std::size_t next = small.find_first_not_of(" \t*0123456789", i + word.size());
    const bool opens = line == std::string_view::npos || before[line] == '\n';
    if (opens && next != std::string::npos && small[next] == ':') return text.substr(0, i);
  }
  return text;
}

}  // namespace

std::optional<double> find_number(std::string_view text) {
  const std::string_view own = before_next_question(text);
  if (!Scanner(own).numbers().empty()) text = own;
  for (const auto& marked : {after_hashes(text), in_last_box(text), after_answer(text)}) {
    if (!marked) continue;
    const std::vector<double> found = Scanner(*marked).numbers();
    if (!found.empty()) return found.front();
  }
  const std::vector<double> all = Scanner(text).numbers();
  if (all.empty()) return std::nullopt;
  return all.back();
}

std::string number_text(double number) {
  if (std::abs(number) < whole_below && number == std::trunc(number)) {
    return fmt::format("{}", static_cast<long long>(number));
  }
  return fmt::format("{}", number);
}

// The published rule, one step after the other: the cut, then the number.

namespace {

constexpr std::string_view number_mark = "####";

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

std::size_t decimals_from(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_decimal(text[end])) ++end;
  return end - at;
}

/// How many bytes the number at `at` has, its sign included; 0 where there is none.
std::size_t number_size(std::string_view text, std::size_t at) {
  std::size_t end = at;
  if (end < text.size() && (text[end] == '-' || text[end] == '+')) ++end;
  const std::size_t whole = decimals_from(text, end);
  if (whole == 0) return 0;
  end += whole;
  if (end < text.size() && text[end] == '.') {
    const std::size_t decimals = decimals_from(text, end + 1);
    if (decimals > 0) end += 1 + decimals;
  }
  return end - at;
}

double value_of(std::string_view number) {
  if (number.front() == '+') number.remove_prefix(1);
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec != std::errc::result_out_of_range) return value;
  const double infinity = std::numeric_limits<double>::infinity();
  return number.front() == '-' ? -infinity : infinity;
}

/// `text` up to the first `mark`, and of what begins there two words with a space between them.
std::string cut_behind(std::string_view text, std::string_view mark) {
  const std::size_t marked = text.find(mark);
  if (marked == std::string_view::npos) return std::string(text);
  std::string_view rest = text.substr(marked);
  const std::string_view first = first_word(rest);
  rest.remove_prefix(first.size());
  std::string cut(text.substr(0, marked));
  cut += first;
  const std::string_view second = first_word(stripped(rest));
  if (!second.empty()) cut.append(" ").append(second);
  return cut;
}

/// The number right behind the first "####" that has one there.
std::optional<double> marked_number(std::string_view text) {
  for (std::size_t i = text.find(number_mark); i != std::string_view::npos;
       i = text.find(number_mark, i + 1)) {
    const std::string_view behind = stripped(text.substr(i + number_mark.size()));
    const std::size_t size = number_size(behind, 0);
    if (size > 0) return value_of(behind.substr(0, size));
  }
  return std::nullopt;
}

std::optional<double> last_number(std::string_view text) {
  std::optional<double> last;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = number_size(text, i);
    if (size > 0) last = value_of(text.substr(i, size));
    i += size > 0 ? size : 1;
  }
  return last;
}

}  // namespace

std::optional<double> find_published_number(std::string_view text, std::string_view mark) {
  const std::string cut = cut_behind(text, mark);
  const std::optional<double> marked = marked_number(cut);
  return marked ? marked : last_number(cut);
}

bool number_match_published(std::string_view generated, std::string_view gold,
                            std::string_view mark) {
  const std::optional<double> found = find_published_number(generated, mark);
  const std::optional<double> right = find_published_number(gold, mark);
  return found && right && *found == *right;
}

// White space at the ends of a text: a table of the characters, compared byte by byte.

namespace {

using namespace std::string_view_literals;

// Each white space character as its UTF-8 bytes. None can be the tail of another character, since
// every one starts with a lead byte; so comparing bytes is safe at either end.
constexpr std::array white_space = {
    "\t"sv,           "\n"sv,           "\v"sv,           "\f"sv,           "\r"sv,
    "\x1c"sv,         "\x1d"sv,         "\x1e"sv,         "\x1f"sv,         " "sv,
    "\xc2\x85"sv,     "\xc2\xa0"sv,     "\xe1\x9a\x80"sv, "\xe2\x80\x80"sv, "\xe2\x80\x81"sv,
    "\xe2\x80\x82"sv, "\xe2\x80\x83"sv, "\xe2\x80\x84"sv, "\xe2\x80\x85"sv, "\xe2\x80\x86"sv,
    "\xe2\x80\x87"sv, "\xe2\x80\x88"sv, "\xe2\x80\x89"sv, "\xe2\x80\x8a"sv, "\xe2\x80\xa8"sv,
    "\xe2\x80\xa9"sv, "\xe2\x80\xaf"sv, "\xe2\x81\x9f"sv, "\xe3\x80\x80"sv};

template <typename Matches>
std::size_t white_space_size(const Matches& matches) {
  const auto found = std::find_if(white_space.begin(), white_space.end(), matches);
  return found == white_space.end() ? 0 : found->size();
}

}  // namespace

std::string_view stripped(std::string_view text) {
  const auto opens = [&](std::string_view space) { return text.starts_with(space); };
  const auto closes = [&](std::string_view space) { return text.ends_with(space); };
  while (const std::size_t size = white_space_size(opens)) text.remove_prefix(size);
  while (const std::size_t size = white_space_size(closes)) text.remove_suffix(size);
  return text;
}

std::string_view first_word(std::string_view text) {
  std::size_t end = 0;
  const auto opens = [&](std::string_view space) { return text.substr(end).starts_with(space); };
  while (end < text.size() && white_space_size(opens) == 0) ++end;
  return text.substr(0, end);
}

namespace {

constexpr double relative_tolerance = 1e-9;

}  // namespace

bool exact_match(std::string_view generated, std::string_view gold) {
  return lower_ascii(stripped(generated)) == lower_ascii(stripped(gold));
}

bool number_match(std::string_view generated, std::string_view gold) {
  const std::optional<double> found = find_number(generated);
  const std::optional<double> right = find_number(gold);
  if (!found || !right || !std::isfinite(*found)) return false;
  return std::abs(*found - *right) <= relative_tolerance * std::max(1.0, std::abs(*right));
}

const Registry<Metric>& metrics() {
  static const Registry<Metric> registry =
      Registry<Metric>("metric")
          .add("exact_match", {MetricKind::comparison, exact_match, nullptr})
          .add("number_match", {MetricKind::comparison, number_match, nullptr})
          .add("number_match_published", {MetricKind::comparison, nullptr, number_match_published})
          .add("toxicity", {MetricKind::toxicity, nullptr, nullptr})
          .add("judge", {MetricKind::judge, nullptr, nullptr});
  return registry;
}

}  // namespace austeer
